package dev.tare.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

class QuantizerTest {

  private static final OptionalInt NO_AXIS = OptionalInt.empty();

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
            new QuantParams(QuantType.INT8, 0.125f, 0),
            new QuantParams(QuantType.INT8, 0.37f, -128),
            new QuantParams(QuantType.UINT8, 0.25f, 255),
            new QuantParams(QuantType.UINT8, 1e-30f, 128),
            new QuantParams(QuantType.INT32, 1e-7f, 0))) {
      Tensor tensor = Tensor.ofFloats(Shape.of(x.length), x);
      Tensor q = Quantizer.quantize(tensor, List.of(params), NO_AXIS);
      for (int i = 0; i < x.length; i++) {
        assertThat(at(q, i)).as("%s of %s", params, x[i]).isEqualTo(naive(x[i], params));
      }
      assertThat(Quantizer.fakeQuantize(tensor, List.of(params), NO_AXIS))
          .isEqualTo(Quantizer.dequantize(q, List.of(params), NO_AXIS));
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
      Tensor back = Quantizer.quantize(Quantizer.dequantize(q, params, NO_AXIS), params, NO_AXIS);
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
      float[] y = Quantizer.fakeQuantize(tensor, List.of(params), NO_AXIS).toFloatArray();
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
      Tensor q = Quantizer.quantize(tensor, params, OptionalInt.of(axis));
      for (int i = 0; i < x.length; i++) {
        int[] index = {i / 20, i / 5 % 4, i % 5};
        assertThat(at(q, i)).isEqualTo(naive(x[i], params.get(index[axis])));
      }
      assertThat(q).isEqualTo(Quantizer.quantize(tensor, params, OptionalInt.of(axis - 3)));
      assertThat(Quantizer.dequantize(q, params, OptionalInt.of(axis)))
          .isEqualTo(Quantizer.fakeQuantize(tensor, params, OptionalInt.of(axis)));
    }
  }

  @Test
  void slicesOfAnySplitJoinToTheWhole() {
    Shape shape = Shape.of(7, 33, 41);
    float[] x = random(7 * 33 * 41, 8);
    Random random = new Random(9);
    for (QuantType type : QuantType.values()) {
      for (int axis = 0; axis < 3; axis++) {
        List<QuantParams> params =
            channels((int) shape.dim(axis)).stream()
                .map(p -> new QuantParams(type, p.scale(), 0))
                .toList();
        OptionalInt along = OptionalInt.of(axis);
        Tensor whole = Quantizer.quantize(Tensor.ofFloats(shape, x), params, along);
        ByteBuffer out = ByteBuffer.allocate(whole.bytes().remaining());
        for (int from = 0; from < x.length; ) {
          int to = Math.min(x.length, from + random.nextInt(6000));
          FloatBuffer in = FloatBuffer.wrap(x, from, to - from);
          Quantizer.quantizeSlice(in, out, from, shape, params, along);
          from = to;
        }
        assertThat(out.flip()).isEqualTo(whole.bytes());
      }
    }
  }

  @Test
  void emptyTensorsStayEmpty() {
    List<QuantParams> one = channels(1);
    Tensor empty = Tensor.ofFloats(Shape.of(0, 3));
    Tensor q = Quantizer.quantize(empty, one, NO_AXIS);
    assertThat(q.shape()).isEqualTo(Shape.of(0, 3));
    assertThat(Quantizer.dequantize(q, one, NO_AXIS)).isEqualTo(empty);
    assertThat(Quantizer.quantize(empty, channels(3), OptionalInt.of(1))).isEqualTo(q);
  }

  @Test
  void refusesWhatHasNoInteger() {
    float[] x = new float[5000];
    x[4500] = Float.NaN;
    Tensor tensor = Tensor.ofFloats(Shape.of(5000), x);
    assertThatThrownBy(() -> Quantizer.quantize(tensor, channels(1), NO_AXIS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot quantize NaN at flat index 4500");
    assertThatThrownBy(() -> Quantizer.fakeQuantize(tensor, channels(1), NO_AXIS))
        .hasMessage("Cannot quantize NaN at flat index 4500");
    List<QuantParams> bias = List.of(new QuantParams(QuantType.INT32, 1f, 0));
    assertThatThrownBy(() -> Quantizer.quantize(tensor, bias, NO_AXIS))
        .hasMessage("Cannot quantize NaN at flat index 4500");
  }

  @Test
  void refusesParametersThatDoNotFit() {
    Tensor x = Tensor.ofFloats(Shape.of(2, 2), 1, 2, 3, 4);
    assertThatThrownBy(() -> Quantizer.quantize(x, channels(3), OptionalInt.of(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot quantize shape [2, 2] along axis 1: 2 channels vs 3 parameters");
    assertThatThrownBy(() -> Quantizer.quantize(x, channels(2), NO_AXIS))
        .hasMessage("Cannot quantize shape [2, 2] along no axis: 1 channels vs 2 parameters");
    assertThatThrownBy(() -> Quantizer.quantize(x, List.of(), NO_AXIS))
        .hasMessage("Cannot quantize without parameters");
    List<QuantParams> mixed =
        List.of(new QuantParams(QuantType.INT8, 1f, 0), new QuantParams(QuantType.UINT8, 1f, 0));
    assertThatThrownBy(() -> Quantizer.quantize(x, mixed, OptionalInt.of(0)))
        .hasMessage("Cannot quantize channels to different types: INT8 vs UINT8");
    assertThatThrownBy(() -> Quantizer.dequantize(x, channels(1), NO_AXIS))
        .hasMessage("Cannot dequantize a tensor of FLOAT32 with parameters of INT8");
    ByteBuffer out = ByteBuffer.allocate(4);
    assertThatThrownBy(
            () -> Quantizer.quantizeSlice(x.floats(), out, 1, Shape.of(2, 2), channels(1), NO_AXIS))
        .hasMessage("Cannot quantize 4 values at 1 of shape [2, 2]: only 4 values");
    assertThatThrownBy(
            () ->
                Quantizer.quantizeSlice(
                    x.floats(), out.limit(3), 0, Shape.of(2, 2), channels(1), NO_AXIS))
        .hasMessage("Cannot quantize 4 values of 1 bytes: room for 3 bytes");
  }

  private static long naive(float x, QuantParams params) {
    double steps =
        params.type() == QuantType.INT32 ? (double) x / params.scale() : x / params.scale();
    double q = Math.rint(steps) + params.zeroPoint();
    return (long) Math.max(params.type().qmin(), Math.min(params.type().qmax(), q));
  }

  private static long at(Tensor q, int index) {
    ByteBuffer bytes = q.bytes().order(ByteOrder.LITTLE_ENDIAN);
    if (q.dtype() == DType.INT32) {
      return bytes.getInt(4 * index);
    }
    return q.dtype() == DType.INT8 ? bytes.get(index) : bytes.get(index) & 0xff;
  }

  private static int[] bytes(float[] x, QuantParams params, Limits limits) {
    Tensor tensor = Tensor.ofFloats(Shape.of(x.length), x);
    Tensor q = Quantizer.quantize(tensor, List.of(params), NO_AXIS, limits);
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
