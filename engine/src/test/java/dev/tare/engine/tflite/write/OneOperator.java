package dev.tare.engine.tflite.write;

import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.tensorflow.lite.schema.ActivationFunctionType;
import org.tensorflow.lite.schema.AddOptionsT;
import org.tensorflow.lite.schema.BatchToSpaceNDOptionsT;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.ConcatenationOptionsT;
import org.tensorflow.lite.schema.Conv2DOptionsT;
import org.tensorflow.lite.schema.DepthToSpaceOptionsT;
import org.tensorflow.lite.schema.DepthwiseConv2DOptionsT;
import org.tensorflow.lite.schema.ExpandDimsOptionsT;
import org.tensorflow.lite.schema.FullyConnectedOptionsT;
import org.tensorflow.lite.schema.GatherOptionsT;
import org.tensorflow.lite.schema.L2NormOptionsT;
import org.tensorflow.lite.schema.LeakyReluOptionsT;
import org.tensorflow.lite.schema.LogSoftmaxOptionsT;
import org.tensorflow.lite.schema.MaximumMinimumOptionsT;
import org.tensorflow.lite.schema.MirrorPadOptionsT;
import org.tensorflow.lite.schema.MulOptionsT;
import org.tensorflow.lite.schema.PackOptionsT;
import org.tensorflow.lite.schema.PadOptionsT;
import org.tensorflow.lite.schema.Padding;
import org.tensorflow.lite.schema.Pool2DOptionsT;
import org.tensorflow.lite.schema.ReducerOptionsT;
import org.tensorflow.lite.schema.ReshapeOptionsT;
import org.tensorflow.lite.schema.ResizeBilinearOptionsT;
import org.tensorflow.lite.schema.ResizeNearestNeighborOptionsT;
import org.tensorflow.lite.schema.SliceOptionsT;
import org.tensorflow.lite.schema.SoftmaxOptionsT;
import org.tensorflow.lite.schema.SpaceToBatchNDOptionsT;
import org.tensorflow.lite.schema.SpaceToDepthOptionsT;
import org.tensorflow.lite.schema.SplitOptionsT;
import org.tensorflow.lite.schema.SplitVOptionsT;
import org.tensorflow.lite.schema.SquaredDifferenceOptionsT;
import org.tensorflow.lite.schema.SqueezeOptionsT;
import org.tensorflow.lite.schema.StridedSliceOptionsT;
import org.tensorflow.lite.schema.SubOptionsT;
import org.tensorflow.lite.schema.TransposeConvOptionsT;
import org.tensorflow.lite.schema.TransposeOptionsT;
import org.tensorflow.lite.schema.UnpackOptionsT;

/**
 * An operator on {@code x} and perhaps {@code z}, both {@code [1, 4, 4, 8]}, with a Reshape behind
 * its first result.
 *
 * @param tolerance integers by which the kernel, which has a table or few bits, may be off
 */
record OneOperator(String type, int tolerance, Network network) {

  /** Adds the operator; returns what it computes. */
  interface Network {
    int[] add(LiteNetwork network, int x);
  }

  private static final int[] SHAPE = {1, 4, 4, 8};

  @Override
  public String toString() {
    return type;
  }

  /** The float model. */
  LiteModel model() {
    LiteNetwork built = new LiteNetwork();
    int[] made = network.add(built, built.input("x", SHAPE));
    int flat = built.made("flat", 1);
    int any = built.ints("any", new int[] {1}, -1);
    built.add("RESHAPE", BuiltinOptions.NONE, null, new int[] {made[0], any}, flat);
    int[] outputs = made.clone();
    outputs[0] = flat;
    return built.finish(outputs);
  }

  private static OneOperator of(String type, byte optionsType, Object options, int... shape) {
    return new OneOperator(
        type, 0, (n, x) -> made(n, type, optionsType, options, new int[] {x}, shape));
  }

  private static int[] made(
      LiteNetwork network, String type, byte options, Object values, int[] in, int... shape) {
    int made = network.made("made", shape);
    network.add(type, options, values, in, made);
    return new int[] {made};
  }

  /** With a second input. */
  private static OneOperator binary(String type, byte optionsType, Object options, int... shape) {
    return new OneOperator(
        type,
        0,
        (n, x) -> made(n, type, optionsType, options, new int[] {x, n.input("z", SHAPE)}, shape));
  }

  /** With one or more vectors of integers behind the input. */
  private static OneOperator with(
      String type, byte optionsType, Object options, int[][] vectors, int... shape) {
    return new OneOperator(
        type,
        0,
        (n, x) -> {
          int[] in = new int[vectors.length + 1];
          in[0] = x;
          for (int i = 0; i < vectors.length; i++) {
            in[i + 1] = n.ints("numbers" + i, new int[] {vectors[i].length}, vectors[i]);
          }
          return made(n, type, optionsType, options, in, shape);
        });
  }

  /** With pairs of integers, and before them a vector if there is one. */
  private static OneOperator pairs(
      String type, byte optionsType, Object options, int[] vector, int[] pairs, int... shape) {
    return new OneOperator(
        type,
        0,
        (n, x) -> {
          int both = n.ints("pairs", new int[] {pairs.length / 2, 2}, pairs);
          int[] in =
              vector.length == 0
                  ? new int[] {x, both}
                  : new int[] {x, n.ints("block", new int[] {vector.length}, vector), both};
          return made(n, type, optionsType, options, in, shape);
        });
  }

  /** The same, which may be off by other integers. */
  OneOperator off(int by) {
    return new OneOperator(type, by, network);
  }

  private static float[] floats(int count) {
    Random random = new Random(count);
    float[] floats = new float[count];
    for (int i = 0; i < count; i++) {
      floats[i] = random.nextFloat() - 0.4f;
    }
    return floats;
  }

  private static OneOperator product(
      String type, byte optionsType, Object options, int[] weight, int channels, int... shape) {
    return new OneOperator(
        type,
        0,
        (n, x) -> {
          int size = 1;
          for (int dim : weight) {
            size *= dim;
          }
          int w = n.floats("w", weight, floats(size));
          int b = n.floats("b", new int[] {channels}, floats(channels));
          boolean transposed = type.equals("TRANSPOSE_CONV");
          int[] in =
              transposed
                  ? new int[] {n.ints("size", new int[] {4}, shape), w, x, b}
                  : new int[] {x, w, b};
          return made(n, type, optionsType, options, in, shape);
        });
  }

  static List<OneOperator> all() {
    List<OneOperator> all = new ArrayList<>();
    products(all);
    arithmetic(all);
    functions(all);
    reductions(all);
    moves(all);
    parts(all);
    return all;
  }

  private static void products(List<OneOperator> all) {
    Conv2DOptionsT conv = new Conv2DOptionsT();
    conv.setStrideH(1);
    conv.setStrideW(1);
    all.add(
        product("CONV_2D", BuiltinOptions.Conv2DOptions, conv, ints(6, 3, 3, 8), 6, 1, 4, 4, 6));
    DepthwiseConv2DOptionsT depthwise = new DepthwiseConv2DOptionsT();
    depthwise.setStrideH(1);
    depthwise.setStrideW(1);
    depthwise.setDepthMultiplier(1);
    all.add(
        product(
            "DEPTHWISE_CONV_2D",
            BuiltinOptions.DepthwiseConv2DOptions,
            depthwise,
            ints(1, 3, 3, 8),
            8,
            1,
            4,
            4,
            8));
    FullyConnectedOptionsT full = new FullyConnectedOptionsT();
    full.setKeepNumDims(true);
    all.add(
        product(
            "FULLY_CONNECTED",
            BuiltinOptions.FullyConnectedOptions,
            full,
            ints(5, 8),
            5,
            1,
            4,
            4,
            5));
    TransposeConvOptionsT transposed = new TransposeConvOptionsT();
    transposed.setStrideH(2);
    transposed.setStrideW(2);
    all.add(
        product(
            "TRANSPOSE_CONV",
            BuiltinOptions.TransposeConvOptions,
            transposed,
            ints(3, 2, 2, 8),
            3,
            1,
            8,
            8,
            3));
  }

  private static int[] ints(int... values) {
    return values;
  }

  private static void arithmetic(List<OneOperator> all) {
    all.add(binary("ADD", BuiltinOptions.AddOptions, new AddOptionsT(), SHAPE));
    all.add(binary("SUB", BuiltinOptions.SubOptions, new SubOptionsT(), SHAPE));
    all.add(binary("MUL", BuiltinOptions.MulOptions, new MulOptionsT(), SHAPE));
    all.add(
        binary(
            "SQUARED_DIFFERENCE",
            BuiltinOptions.SquaredDifferenceOptions,
            new SquaredDifferenceOptionsT(),
            SHAPE));
    MaximumMinimumOptionsT larger = new MaximumMinimumOptionsT();
    all.add(binary("MAXIMUM", BuiltinOptions.MaximumMinimumOptions, larger, SHAPE));
    all.add(binary("MINIMUM", BuiltinOptions.MaximumMinimumOptions, larger, SHAPE));
    ConcatenationOptionsT concatenation = new ConcatenationOptionsT();
    concatenation.setAxis(3);
    all.add(
        binary("CONCATENATION", BuiltinOptions.ConcatenationOptions, concatenation, 1, 4, 4, 16));
    PackOptionsT pack = new PackOptionsT();
    pack.setValuesCount(2);
    all.add(binary("PACK", BuiltinOptions.PackOptions, pack, 2, 1, 4, 4, 8));
  }

  private static void functions(List<OneOperator> all) {
    for (String type : List.of("RELU", "RELU6", "LOGISTIC", "TANH")) {
      all.add(of(type, BuiltinOptions.NONE, null, SHAPE));
    }
    all.add(of("HARD_SWISH", BuiltinOptions.NONE, null, SHAPE).off(1));
    LeakyReluOptionsT leaky = new LeakyReluOptionsT();
    leaky.setAlpha(0.2f);
    all.add(of("LEAKY_RELU", BuiltinOptions.LeakyReluOptions, leaky, SHAPE).off(1));
    all.add(
        new OneOperator(
            "PRELU",
            0,
            (n, x) ->
                made(
                    n,
                    "PRELU",
                    BuiltinOptions.NONE,
                    null,
                    ints(x, n.floats("alpha", ints(1, 1, 8), floats(8))),
                    SHAPE)));
    SoftmaxOptionsT softmax = new SoftmaxOptionsT();
    softmax.setBeta(1);
    all.add(of("SOFTMAX", BuiltinOptions.SoftmaxOptions, softmax, SHAPE).off(1));
    all.add(
        of("LOG_SOFTMAX", BuiltinOptions.LogSoftmaxOptions, new LogSoftmaxOptionsT(), SHAPE)
            .off(1));
    L2NormOptionsT norm = new L2NormOptionsT();
    norm.setFusedActivationFunction(ActivationFunctionType.NONE);
    all.add(of("L2_NORMALIZATION", BuiltinOptions.L2NormOptions, norm, SHAPE).off(1));
  }

  private static void reductions(List<OneOperator> all) {
    Pool2DOptionsT pool = new Pool2DOptionsT();
    pool.setPadding(Padding.VALID);
    pool.setStrideH(2);
    pool.setStrideW(2);
    pool.setFilterHeight(2);
    pool.setFilterWidth(2);
    all.add(of("AVERAGE_POOL_2D", BuiltinOptions.Pool2DOptions, pool, 1, 2, 2, 8));
    all.add(of("MAX_POOL_2D", BuiltinOptions.Pool2DOptions, pool, 1, 2, 2, 8));
    int[][] axes = {{1, 2}};
    for (String type : List.of("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")) {
      all.add(with(type, BuiltinOptions.ReducerOptions, new ReducerOptionsT(), axes, 1, 8));
    }
  }

  private static void moves(List<OneOperator> all) {
    int[][] target = {{1, 16, 8}};
    all.add(with("RESHAPE", BuiltinOptions.ReshapeOptions, reshape(1, 16, 8), target, 1, 16, 8));
    SqueezeOptionsT squeeze = new SqueezeOptionsT();
    squeeze.setSqueezeDims(ints(0));
    all.add(of("SQUEEZE", BuiltinOptions.SqueezeOptions, squeeze, 4, 4, 8));
    int[][] zero = {{0}};
    ExpandDimsOptionsT expand = new ExpandDimsOptionsT();
    all.add(with("EXPAND_DIMS", BuiltinOptions.ExpandDimsOptions, expand, zero, 1, 1, 4, 4, 8));
    int[][] order = {{0, 3, 1, 2}};
    TransposeOptionsT transpose = new TransposeOptionsT();
    all.add(with("TRANSPOSE", BuiltinOptions.TransposeOptions, transpose, order, 1, 8, 4, 4));
    int[] around = ints(0, 0, 1, 2, 0, 1, 0, 0);
    PadOptionsT pad = new PadOptionsT();
    all.add(pairs("PAD", BuiltinOptions.PadOptions, pad, ints(), around, 1, 7, 5, 8));
    MirrorPadOptionsT mirror = new MirrorPadOptionsT();
    all.add(
        pairs("MIRROR_PAD", BuiltinOptions.MirrorPadOptions, mirror, ints(), around, 1, 7, 5, 8));
    int[][] size = {{8, 8}};
    ResizeBilinearOptionsT bilinear = new ResizeBilinearOptionsT();
    all.add(
        with("RESIZE_BILINEAR", BuiltinOptions.ResizeBilinearOptions, bilinear, size, 1, 8, 8, 8));
    ResizeNearestNeighborOptionsT nearest = new ResizeNearestNeighborOptionsT();
    all.add(
        with(
            "RESIZE_NEAREST_NEIGHBOR",
            BuiltinOptions.ResizeNearestNeighborOptions,
            nearest,
            size,
            1,
            8,
            8,
            8));
    SpaceToDepthOptionsT deep = new SpaceToDepthOptionsT();
    deep.setBlockSize(2);
    all.add(of("SPACE_TO_DEPTH", BuiltinOptions.SpaceToDepthOptions, deep, 1, 2, 2, 32));
    DepthToSpaceOptionsT wide = new DepthToSpaceOptionsT();
    wide.setBlockSize(2);
    all.add(of("DEPTH_TO_SPACE", BuiltinOptions.DepthToSpaceOptions, wide, 1, 8, 8, 2));
    all.add(
        pairs(
            "SPACE_TO_BATCH_ND",
            BuiltinOptions.SpaceToBatchNDOptions,
            new SpaceToBatchNDOptionsT(),
            ints(2, 2),
            ints(0, 0, 0, 0),
            4,
            2,
            2,
            8));
    all.add(
        pairs(
            "BATCH_TO_SPACE_ND",
            BuiltinOptions.BatchToSpaceNDOptions,
            new BatchToSpaceNDOptionsT(),
            ints(1, 1),
            ints(0, 0, 1, 0),
            1,
            4,
            3,
            8));
  }

  private static ReshapeOptionsT reshape(int... shape) {
    ReshapeOptionsT reshape = new ReshapeOptionsT();
    reshape.setNewShape(shape);
    return reshape;
  }

  private static void parts(List<OneOperator> all) {
    GatherOptionsT gather = new GatherOptionsT();
    gather.setAxis(3);
    int[][] ids = {{5, 0, 5}};
    all.add(with("GATHER", BuiltinOptions.GatherOptions, gather, ids, 1, 4, 4, 3));
    int[][] slice = {{0, 1, 0, 2}, {1, 2, 4, 5}};
    all.add(with("SLICE", BuiltinOptions.SliceOptions, new SliceOptionsT(), slice, 1, 2, 4, 5));
    int[][] strided = {{0, 0, 1, 0}, {1, 4, 4, 8}, {1, 2, 1, 3}};
    StridedSliceOptionsT steps = new StridedSliceOptionsT();
    all.add(with("STRIDED_SLICE", BuiltinOptions.StridedSliceOptions, steps, strided, 1, 2, 3, 3));
    all.add(new OneOperator("SPLIT", 0, OneOperator::split));
    all.add(new OneOperator("SPLIT_V", 0, OneOperator::splitUnevenly));
    all.add(new OneOperator("UNPACK", 0, OneOperator::unpack));
  }

  private static int[] split(LiteNetwork network, int x) {
    SplitOptionsT two = new SplitOptionsT();
    two.setNumSplits(2);
    int[] made = ints(network.made("made", 1, 4, 4, 4), network.made("other", 1, 4, 4, 4));
    int axis = network.ints("axis", ints(1), 3);
    network.add("SPLIT", BuiltinOptions.SplitOptions, two, ints(axis, x), made);
    return made;
  }

  private static int[] splitUnevenly(LiteNetwork network, int x) {
    SplitVOptionsT two = new SplitVOptionsT();
    two.setNumSplits(2);
    int[] made = ints(network.made("made", 1, 4, 4, 3), network.made("other", 1, 4, 4, 5));
    int sizes = network.ints("sizes", ints(2), 3, 5);
    int axis = network.ints("axis", ints(1), 3);
    network.add("SPLIT_V", BuiltinOptions.SplitVOptions, two, ints(x, sizes, axis), made);
    return made;
  }

  private static int[] unpack(LiteNetwork network, int x) {
    UnpackOptionsT four = new UnpackOptionsT();
    four.setNum(4);
    four.setAxis(1);
    int[] made = new int[4];
    for (int i = 0; i < made.length; i++) {
      made[i] = network.made(i == 0 ? "made" : "other" + i, 1, 4, 8);
    }
    network.add("UNPACK", BuiltinOptions.UnpackOptions, four, ints(x), made);
    return made;
  }
}
