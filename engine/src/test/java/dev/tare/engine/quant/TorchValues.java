package dev.tare.engine.quant;

import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/**
 * Writes values and what Tare makes of them with {@link Rounding#RECIPROCAL}, for {@code
 * src/test/python/compare_torch.py}.
 *
 * <p>A file for each choice of parameters, {@code TYPE_SCALEBITS_ZEROPOINT.bin}: a million times
 * little-endian float32 value, int32 code, float32 fake-quantized value.
 */
public final class TorchValues {

  private static final int VALUES = 1_000_000;
  private static final Granularity TENSOR = Granularity.perTensor();

  private TorchValues() {}

  /**
   * Writes the files.
   *
   * @param args the folder
   */
  public static void main(String[] args) throws IOException {
    Path folder = Files.createDirectories(Path.of(args[0]));
    long seed = 1;
    for (QuantType type : QuantType.values()) {
      if (type.codebook().isPresent() || type.learned()) {
        continue;
      }
      for (float scale : new float[] {1f, 0.037f, 1.7e-5f, 311.3f}) {
        int middle = (int) (((long) type.qmin() + type.qmax() + 1) / 2);
        int zeroPoint = type.isInteger() && type != QuantType.INT32 ? middle + 3 : 0;
        write(folder, new QuantParams(type, scale, zeroPoint), seed++);
      }
    }
  }

  private static void write(Path folder, QuantParams params, long seed) throws IOException {
    float[] x = values(params, seed);
    Tensor tensor = Tensor.ofFloats(Shape.of(VALUES), x);
    Limits limits = Limits.of(params.type());
    List<QuantParams> one = List.of(params);
    Tensor q = Quantizer.quantize(tensor, one, TENSOR, limits, Rounding.RECIPROCAL);
    float[] fake =
        Quantizer.fakeQuantize(tensor, one, TENSOR, limits, Rounding.RECIPROCAL).toFloatArray();
    int[] codes = new int[VALUES];
    int bytes = (int) q.dtype().byteSize(VALUES);
    Codes.read(q.bytes(), q.dtype(), VALUES, new byte[bytes], codes);
    ByteBuffer out = ByteBuffer.allocate(VALUES * 12).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < VALUES; i++) {
      out.putFloat(x[i]).putInt(codes[i]).putFloat(fake[i]);
    }
    String bits = Integer.toHexString(Float.floatToRawIntBits(params.scale()));
    String name = "%s_%s_%d.bin".formatted(params.type(), bits, params.zeroPoint());
    Files.write(folder.resolve(name), out.array());
  }

  /** Half spread over the range, a quarter at ties or next to them, a quarter of any bits. */
  private static float[] values(QuantParams params, long seed) {
    Random random = new Random(seed);
    double reach = Math.min((double) params.type().qmax() - params.type().qmin(), 1e6);
    float[] x = new float[VALUES];
    for (int i = 0; i < VALUES; i++) {
      double steps = (random.nextDouble() - 0.5) * 1.5 * reach;
      float tie = (float) (Math.floor(steps) + 0.5) * params.scale();
      float any = Float.intBitsToFloat(random.nextInt());
      x[i] =
          switch (i % 8) {
            case 4 -> tie;
            case 5 -> random.nextBoolean() ? Math.nextUp(tie) : Math.nextDown(tie);
            case 6, 7 -> Float.isNaN(any) ? 0f : any;
            default -> (float) (steps * params.scale());
          };
    }
    return x;
  }
}
