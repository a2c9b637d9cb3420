package dev.tare.engine.observe;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** Values to observe. */
public final class Floats {

  private static final float[] SPECIAL = {
    0.0f,
    -0.0f,
    Float.NaN,
    Float.intBitsToFloat(0x7f800001),
    Float.intBitsToFloat(0xff800001),
    Float.intBitsToFloat(0xffffffff),
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.MIN_NORMAL,
    -Float.MIN_NORMAL,
    1.0f,
    -1.0f,
    Math.nextDown(1.0f),
    Math.nextUp(-1.0f)
  };

  private Floats() {}

  /** Values of many magnitudes, of which a share is zeros, infinities, NaNs and their kind. */
  public static float[] values(long seed, int size, double specials) {
    Random random = new Random(seed);
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] =
          random.nextDouble() < specials
              ? SPECIAL[random.nextInt(SPECIAL.length)]
              : (float) (random.nextGaussian() * Math.scalb(1.0, random.nextInt(12)));
    }
    return values;
  }

  /** Their bytes, as ONNX Runtime gives them. */
  public static ByteBuffer direct(float... values) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes;
  }
}
