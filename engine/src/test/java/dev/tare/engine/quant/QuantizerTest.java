package dev.tare.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.HalfFloats;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class QuantizerTest {

  private static final Granularity TENSOR = Granularity.perTensor();

  @Test
  void roundsHalfToEvenAndSaturatesLikeOnnxRuntime() {
    float[] x = {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 200f, -200f};
    assertThat(bytes(x, new QuantParams(QuantType.INT8, 1f, 0), Limits.of(QuantType.INT8)))
        .containsExactly(0, 2, 2, 0, -2, -2, 127, -128);
    assertThat(bytes(x, new QuantParams(QuantType.INT8, 1f, 0), new Limits(-127, 127))[7])
        .isEqualTo(-127);
  }

  @Test
  void infinitiesSaturateAndNegativeZeroIsZero() {
    float inf = Float.POSITIVE_INFINITY;
    float[] x = {inf, -inf, -0f, Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_VALUE};
    assertThat(bytes(x, new QuantParams(QuantType.UINT8, 1e-3f, 7), Limits.of(QuantType.UINT8)))
        .containsExactly(255, 0, 7, 255, 0, 7);
  }

  @Test
  void everyFloatPatternQuantizesLikeTheNaiveRule() {
    Random random = new Random(11);
    float[] x = new float[200_000];
    for (int i = 0; i < x.length; i++) {
      float any = Float.intBitsToFloat(random.nextInt());
      x[i] = Float.isNaN(any) ? (random.nextInt(1024) - 512) / 2f : any;
      x[i] = i % 2 == 0 ? (random.nextInt(4096) - 2048) * 0.0625f : x[i];
    }
    for (QuantParams params :
        List.of(
            new QuantParams(QuantType.INT4, 0.5f, -8),
            new QuantParams(QuantType.UINT4, 0.37f, 9),
            new QuantParams(QuantType.INT16, 0.001f, 0),
            new QuantParams(QuantType.INT16, 0.125f, -32768),
            new QuantParams(QuantType.UINT16, 0.00037f, 65535),
            new QuantParams(QuantType.UINT16, 1e-30f, 0),
            new QuantParams(QuantType.INT8, 0.125f, 0),
            new QuantParams(QuantType.INT8, 0.37f, -128),
            new QuantParams(QuantType.UINT8, 0.25f, 255),
            new QuantParams(QuantType.UINT8, 1e-30f, 128),
            new QuantParams(QuantType.INT32, 1e-7f, 0))) {
      Tensor tensor = Tensor.ofFloats(Shape.of(x.length), x);
      Tensor q = Quantizer.quantize(tensor, List.of(params), TENSOR);
      for (int i = 0; i < x.length; i++) {
        assertThat(at(q, i)).as("%s of %s", params, x[i]).isEqualTo(naive(x[i], params));
      }
      assertThat(Quantizer.fakeQuantize(tensor, List.of(params), TENSOR))
          .isEqualTo(Quantizer.dequantize(q, List.of(params), TENSOR));
    }
  }

  @Test
  void requantizingADequantizedTensorIsIdentity() {
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    Random random = new Random(3);
    for (int i = 0; i < 2000; i++) {
      QuantType type = i % 2 == 0 ? QuantType.INT8 : QuantType.UINT8;
      float scale = (float) Math.exp(random.nextGaussian() * 10);
      int zero = type.qmin() + random.nextInt(256);
      List<QuantParams> params = List.of(new QuantParams(type, scale, zero));
      Tensor q = Tensor.of(type.dtype(), Shape.of(256), ByteBuffer.wrap(all));
      Tensor back = Quantizer.quantize(Quantizer.dequantize(q, params, TENSOR), params, TENSOR);
      assertThat(back).isEqualTo(q);
    }
  }

  @Test
  void theErrorInsideTheRangeIsAtMostHalfAStep() {
    Random random = new Random(4);
    float[] x = new float[10_000];
    for (int i = 0; i < x.length; i++) {
      x[i] = random.nextFloat() * 5 - 2;
    }
    for (QuantType type : List.of(QuantType.INT8, QuantType.UINT8)) {
      QuantParams params = QuantParams.of(-2f, 3f, type, false, false, false);
      Tensor tensor = Tensor.ofFloats(Shape.of(x.length), x);
      float[] y = Quantizer.fakeQuantize(tensor, List.of(params), TENSOR).toFloatArray();
      for (int i = 0; i < x.length; i++) {
        // The zero point is rounded, so an end of the range may lie half a step outside.
        boolean inside = x[i] > -2f + params.scale() && x[i] < 3f - params.scale();
        float limit = inside ? params.scale() * 0.50001f : params.scale();
        assertThat(Math.abs(x[i] - y[i])).isLessThanOrEqualTo(limit);
      }
    }
  }

  @Test
  void everyAxisUsesTheChannelsOwnParameters() {
    Shape shape = Shape.of(3, 4, 5);
    float[] x = random(60, 6);
    for (int axis = 0; axis < 3; axis++) {
      List<QuantParams> params = channels((int) shape.dim(axis));
      Tensor tensor = Tensor.ofFloats(shape, x);
      Tensor q = Quantizer.quantize(tensor, params, Granularity.perChannel(axis));
      for (int i = 0; i < x.length; i++) {
        int[] index = {i / 20, i / 5 % 4, i % 5};
        assertThat(at(q, i)).isEqualTo(naive(x[i], params.get(index[axis])));
      }
      assertThat(Quantizer.dequantize(q, params, Granularity.perChannel(axis)))
          .isEqualTo(Quantizer.fakeQuantize(tensor, params, Granularity.perChannel(axis)));
    }
  }

  static List<Granularity> granularities() {
    return List.of(
        TENSOR,
        Granularity.perChannel(0),
        Granularity.perChannel(1),
        Granularity.perChannel(2),
        Granularity.perBlock(0, 2),
        Granularity.perBlock(1, 16),
        Granularity.perBlock(1, 40),
        Granularity.perBlock(2, 1),
        Granularity.perBlock(2, 32));
  }

  @ParameterizedTest
  @MethodSource("granularities")
  void everyValueUsesTheParametersOfItsPlace(Granularity granularity) {
    Shape shape = Shape.of(5, 33, 41);
    float[] x = random(5 * 33 * 41, 8);
    for (QuantType type : QuantType.values()) {
      if (type.learned()) {
        continue;
      }
      List<QuantParams> params = params(type, (int) granularity.paramsShape(shape).size());
      Tensor tensor = Tensor.ofFloats(shape, x);
      Tensor q = Quantizer.quantize(tensor, params, granularity);
      Tensor real = Quantizer.dequantize(q, params, granularity);
      float[] back = real.toFloatArray();
      for (int i = 0; i < x.length; i++) {
        QuantParams own = params.get(place(granularity, shape, i));
        assertThat(at(q, i)).as("%s %s", type, i).isEqualTo(naive(x[i], own));
        assertThat(back[i]).as("%s %s", type, i).isEqualTo(naiveReal(at(q, i), own));
      }
      assertThat(Quantizer.fakeQuantize(tensor, params, granularity)).isEqualTo(real);
    }
  }

  private static int place(Granularity granularity, Shape shape, int flat) {
    if (granularity.axis().isEmpty()) {
      return 0;
    }
    int[] index = {flat / (33 * 41), flat / 41 % 33, flat % 41};
    int axis = granularity.axis().getAsInt();
    if (granularity.blockSize().isEmpty()) {
      return index[axis];
    }
    index[axis] /= granularity.blockSize().getAsInt();
    Shape params = granularity.paramsShape(shape);
    return (int) ((index[0] * params.dim(1) + index[1]) * params.dim(2) + index[2]);
  }

  @ParameterizedTest
  @MethodSource("granularities")
  void slicesOfAnySplitJoinToTheWhole(Granularity granularity) {
    Shape shape = Shape.of(5, 33, 41);
    float[] x = random(5 * 33 * 41, 8);
    Random random = new Random(9);
    for (QuantType type : QuantType.values()) {
      if (type.learned()) {
        continue;
      }
      List<QuantParams> params = params(type, (int) granularity.paramsShape(shape).size());
      Tensor whole = Quantizer.quantize(Tensor.ofFloats(shape, x), params, granularity);
      ByteBuffer out = ByteBuffer.allocate(whole.bytes().remaining());
      for (int from = 0; from < x.length; ) {
        int to = Math.min(x.length, from + random.nextInt(6000));
        to -= type.dtype().bits() < 8 && to < x.length ? to % 2 : 0;
        FloatBuffer in = FloatBuffer.wrap(x, from, to - from);
        Quantizer.quantizeSlice(in, out, from, shape, params, granularity);
        from = to;
      }
      assertThat(out.flip()).isEqualTo(whole.bytes());
      Tensor real = Quantizer.dequantize(whole, params, granularity);
      FloatBuffer floats = FloatBuffer.allocate(x.length);
      for (int from = 0; from < out.limit(); ) {
        int to = Math.min(out.limit(), from + 4 * random.nextInt(1500));
        ByteBuffer in = out.duplicate().position(from).limit(to);
        long offset = from * 8L / type.dtype().bits();
        Quantizer.dequantizeSlice(in, floats, offset, shape, params, granularity);
        from = to;
      }
      assertThat(floats.flip()).isEqualTo(real.floats());
    }
  }

  @Test
  void aSliceOfCodesThatCutsAValueOrFindsNoRoomIsRefused() {
    List<QuantParams> params = List.of(new QuantParams(QuantType.INT16, 1f, 0));
    Shape shape = Shape.of(4);
    assertThatThrownBy(
            () ->
                Quantizer.dequantizeSlice(
                    ByteBuffer.allocate(3), FloatBuffer.allocate(4), 0, shape, params, TENSOR))
        .hasMessage("Cannot dequantize 3 bytes of INT16 at 0 of shape [4]: room for 4 values");
    assertThatThrownBy(
            () ->
                Quantizer.dequantizeSlice(
                    ByteBuffer.allocate(4), FloatBuffer.allocate(1), 0, shape, params, TENSOR))
        .hasMessage("Cannot dequantize 4 bytes of INT16 at 0 of shape [4]: room for 1 values");
  }

  @Test
  void twoCodesOf4BitsShareAByteAndTheFirstIsTheLowHalf() {
    Tensor x = Tensor.ofFloats(Shape.of(3), 1, -8, 7);
    List<QuantParams> int4 = List.of(new QuantParams(QuantType.INT4, 1f, 0));
    Tensor q = Quantizer.quantize(x, int4, TENSOR);
    assertThat(q).isEqualTo(Tensor.of(DType.INT4, Shape.of(3), bytes(0x81, 0x07)));
    assertThat(Quantizer.dequantize(q, int4, TENSOR)).isEqualTo(x);
    List<QuantParams> uint4 = List.of(new QuantParams(QuantType.UINT4, 0.5f, 8));
    assertThat(Quantizer.quantize(Tensor.ofFloats(Shape.of(4), -9, 0, 0.75f, 9), uint4, TENSOR))
        .isEqualTo(Tensor.of(DType.UINT4, Shape.of(4), bytes(0x80, 0xfa)));
  }

  @Test
  void aSliceThatCutsAByteIsRefused() {
    Shape shape = Shape.of(7);
    List<QuantParams> int4 = List.of(new QuantParams(QuantType.INT4, 1f, 0));
    ByteBuffer out = ByteBuffer.allocate(8);
    FloatBuffer two = FloatBuffer.wrap(new float[2]);
    assertThatThrownBy(() -> Quantizer.quantizeSlice(two, out, 1, shape, int4, TENSOR))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot quantize 2 values at 1 of shape [7]: two INT4 share a byte");
    FloatBuffer three = FloatBuffer.wrap(new float[3]);
    assertThatThrownBy(() -> Quantizer.quantizeSlice(three, out, 2, shape, int4, TENSOR))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot quantize 3 values at 2 of shape [7]: two INT4 share a byte");
    Quantizer.quantizeSlice(three, out, 4, shape, int4, TENSOR);
    assertThat(out.position()).isEqualTo(2);
  }

  @Test
  void nanHasACodeOnlyInFloatingPointTypes() {
    float inf = Float.POSITIVE_INFINITY;
    Tensor x = Tensor.ofFloats(Shape.of(5), Float.NaN, inf, -inf, 1e9f, -0f);
    List<QuantParams> params = List.of(new QuantParams(QuantType.FLOAT8E4M3FN, 2f, 0));
    Tensor q = Quantizer.quantize(x, params, TENSOR);
    assertThat(q)
        .isEqualTo(Tensor.of(DType.FLOAT8E4M3FN, Shape.of(5), bytes(0x7f, 0x7e, 0xfe, 0x7e, 0x80)));
    assertThat(Quantizer.fakeQuantize(x, params, TENSOR).toFloatArray())
        .containsExactly(Float.NaN, 896, -896, 896, -0f);
  }

  /** Half to even, the largest number for what is beyond it, and NaN as it is. */
  @Test
  void float16IsStoredAsItIs() {
    Tensor x = Tensor.ofFloats(Shape.of(5), 1f, 1 + 0x1p-11f, 1 + 0x1.8p-10f, -1e9f, Float.NaN);
    List<QuantParams> params =
        List.of(QuantParams.of(-3f, 2f, QuantType.FLOAT16, true, true, false));
    Tensor q = Quantizer.quantize(x, params, TENSOR);
    assertThat(q)
        .isEqualTo(
            Tensor.of(
                DType.FLOAT16,
                Shape.of(5),
                bytes(0x00, 0x3c, 0x00, 0x3c, 0x02, 0x3c, 0xff, 0xfb, 0x00, 0x7e)));
    assertThat(Quantizer.dequantize(q, params, TENSOR).toFloatArray())
        .containsExactly(1f, 1f, 1 + 0x1p-9f, -65504f, Float.NaN);
  }

  @Test
  void emptyTensorsStayEmpty() {
    List<QuantParams> one = channels(1);
    Tensor empty = Tensor.ofFloats(Shape.of(0, 3));
    Tensor q = Quantizer.quantize(empty, one, TENSOR);
    assertThat(q.shape()).isEqualTo(Shape.of(0, 3));
    assertThat(Quantizer.dequantize(q, one, TENSOR)).isEqualTo(empty);
    assertThat(Quantizer.quantize(empty, channels(3), Granularity.perChannel(1))).isEqualTo(q);
  }

  @Test
  void refusesWhatHasNoInteger() {
    float[] x = new float[5000];
    x[4500] = Float.NaN;
    Tensor tensor = Tensor.ofFloats(Shape.of(5000), x);
    assertThatThrownBy(() -> Quantizer.quantize(tensor, channels(1), TENSOR))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot quantize NaN at flat index 4500");
    assertThatThrownBy(() -> Quantizer.fakeQuantize(tensor, channels(1), TENSOR))
        .hasMessage("Cannot quantize NaN at flat index 4500");
    List<QuantParams> bias = List.of(new QuantParams(QuantType.INT32, 1f, 0));
    assertThatThrownBy(() -> Quantizer.quantize(tensor, bias, TENSOR))
        .hasMessage("Cannot quantize NaN at flat index 4500");
  }

  @Test
  void refusesParametersThatDoNotFit() {
    Tensor x = Tensor.ofFloats(Shape.of(2, 2), 1, 2, 3, 4);
    assertThatThrownBy(() -> Quantizer.quantize(x, channels(3), Granularity.perChannel(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot quantize shape [2, 2] along axis 1: 2 scales vs 3 parameters");
    assertThatThrownBy(() -> Quantizer.quantize(x, channels(2), TENSOR))
        .hasMessage("Cannot quantize shape [2, 2] per tensor: 1 scales vs 2 parameters");
    assertThatThrownBy(() -> Quantizer.quantize(x, channels(3), Granularity.perBlock(1, 2)))
        .hasMessage(
            "Cannot quantize shape [2, 2] along axis 1 in blocks of 2: 2 scales vs 3 parameters");
    assertThatThrownBy(() -> Quantizer.quantize(x, List.of(), TENSOR))
        .hasMessage("Cannot quantize without parameters");
    List<QuantParams> mixed =
        List.of(new QuantParams(QuantType.INT8, 1f, 0), new QuantParams(QuantType.UINT8, 1f, 0));
    assertThatThrownBy(() -> Quantizer.quantize(x, mixed, Granularity.perChannel(0)))
        .hasMessage("Cannot quantize channels to different types: INT8 vs UINT8");
    assertThatThrownBy(() -> Quantizer.dequantize(x, channels(1), TENSOR))
        .hasMessage("Cannot dequantize a tensor of FLOAT32 with parameters of INT8");
    ByteBuffer out = ByteBuffer.allocate(4);
    assertThatThrownBy(
            () -> Quantizer.quantizeSlice(x.floats(), out, 1, Shape.of(2, 2), channels(1), TENSOR))
        .hasMessage("Cannot quantize 4 values at 1 of shape [2, 2]: only 4 values");
    assertThatThrownBy(
            () ->
                Quantizer.quantizeSlice(
                    x.floats(), out.limit(3), 0, Shape.of(2, 2), channels(1), TENSOR))
        .hasMessage("Cannot quantize 4 values to INT8: 4 bytes vs room for 3");
    Limits wide = new Limits(-129, 127);
    assertThatThrownBy(() -> Quantizer.quantize(x, channels(1), TENSOR, wide, Rounding.DIVISION))
        .hasMessage("Cannot limit INT8 to -129..127: it has -128..127");
    List<QuantParams> float8 = List.of(new QuantParams(QuantType.FLOAT8E5M2, 1f, 0));
    assertThatThrownBy(
            () -> Quantizer.quantize(x, float8, TENSOR, new Limits(-1, 1), Rounding.DIVISION))
        .hasMessage("Cannot limit FLOAT8E5M2 to -1..1: only integers have limits");
    List<QuantParams> tiny = List.of(new QuantParams(QuantType.INT8, Float.MIN_VALUE, 0));
    Limits full = Limits.of(QuantType.INT8);
    assertThatThrownBy(() -> Quantizer.quantize(x, tiny, TENSOR, full, Rounding.RECIPROCAL))
        .hasMessage("Cannot multiply by the reciprocal of scale 1.4E-45: it is infinite");
  }

  private static long naive(float x, QuantParams params) {
    QuantType type = params.type();
    if (type == QuantType.FLOAT16) {
      float steps = Math.max(-65504, Math.min(65504, x / params.scale()));
      return HalfFloats.toFloat16(steps) & 0xffff;
    }
    if (type.codebook().isPresent()) {
      return type.codebook().get().encode(x / params.scale());
    }
    if (!type.isInteger()) {
      return type.float8().orElseThrow().encode(x / params.scale());
    }
    double steps = type == QuantType.INT32 ? (double) x / params.scale() : x / params.scale();
    double q = Math.rint(steps) + params.zeroPoint();
    return (long) Math.max(type.qmin(), Math.min(type.qmax(), q));
  }

  private static float naiveReal(long code, QuantParams params) {
    if (params.type() == QuantType.FLOAT16) {
      return HalfFloats.ofFloat16((short) code) * params.scale();
    }
    if (params.type().codebook().isPresent()) {
      return params.type().codebook().get().decode((int) code) * params.scale();
    }
    return params
        .type()
        .float8()
        .map(format -> format.decode((int) code) * params.scale())
        .orElse((code - params.zeroPoint()) * params.scale());
  }

  private static long at(Tensor q, int index) {
    ByteBuffer bytes = q.bytes();
    return switch (q.dtype()) {
      case INT4 -> (byte) (bytes.get(index / 2) << (index % 2 == 0 ? 4 : 0)) >> 4;
      case UINT4 -> ((bytes.get(index / 2) & 0xff) >> (4 * (index % 2))) & 15;
      case INT8 -> bytes.get(index);
      case INT16 -> bytes.getShort(2 * index);
      case UINT16, FLOAT16 -> bytes.getShort(2 * index) & 0xffff;
      case INT32 -> bytes.getInt(4 * index);
      default -> bytes.get(index) & 0xff;
    };
  }

  private static ByteBuffer bytes(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length);
    for (int value : values) {
      bytes.put((byte) value);
    }
    return bytes.flip();
  }

  /** Parameters of any type that leave some values inside the limits and some outside. */
  private static List<QuantParams> params(QuantType type, int count) {
    Random random = new Random(type.qmax());
    List<QuantParams> params = new ArrayList<>();
    for (int p = 0; p < count; p++) {
      float scale =
          (float) (3.0 / ((double) type.qmax() - type.qmin()) * (0.5 + random.nextFloat()));
      int middle = (int) (((long) type.qmin() + type.qmax()) / 2);
      int zeroPoint = type.isInteger() ? middle + random.nextInt(7) - 3 : 0;
      params.add(new QuantParams(type, scale, zeroPoint));
    }
    return params;
  }

  private static int[] bytes(float[] x, QuantParams params, Limits limits) {
    Tensor tensor = Tensor.ofFloats(Shape.of(x.length), x);
    Tensor q = Quantizer.quantize(tensor, List.of(params), TENSOR, limits, Rounding.DIVISION);
    int[] values = new int[x.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (int) at(q, i);
    }
    return values;
  }

  private static List<QuantParams> channels(int count) {
    List<QuantParams> params = new ArrayList<>();
    for (int c = 0; c < count; c++) {
      params.add(new QuantParams(QuantType.INT8, 0.01f * (c + 1), 3 * c - 60));
    }
    return params;
  }

  private static float[] random(int size, long seed) {
    Random random = new Random(seed);
    float[] x = new float[size];
    for (int i = 0; i < size; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }
}
