package dev.tare.engine.infer.ort;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.observe.CodeProducts;
import dev.tare.engine.observe.PlainCodeProducts;
import dev.tare.engine.onnx.CodeProductsModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Products of codes by ONNX Runtime's integer kernels, in a session of its own: only sums leave it.
 *
 * <p>Not thread-safe. Buffers outside the heap are kept for the largest call so far.
 */
final class OrtCodeProducts implements CodeProducts {

  private static final int TRIED_CHANNELS = 70;
  private static final int FLIP = 0x80;

  private final OrtSession session;
  private final Map<String, ByteBuffer> buffers = new HashMap<>();
  private int[] row = new int[0];

  private OrtCodeProducts(OrtSession session) {
    this.session = session;
  }

  /**
   * Opens a session and tries the largest sums: where this processor's kernels do not give them
   * exactly, products are computed in Java instead.
   *
   * @throws InferenceException if ONNX Runtime cannot open it
   */
  static CodeProducts open(int threads) {
    OrtEnvironment environment = OrtRuntime.environment();
    try (SessionOptions settings = new SessionOptions()) {
      settings.setIntraOpNumThreads(threads);
      settings.addConfigEntry("session.intra_op.allow_spinning", "0");
      settings.setMemoryPatternOptimization(false);
      OrtCodeProducts products =
          new OrtCodeProducts(environment.createSession(CodeProductsModel.bytes(), settings));
      if (exact(products)) {
        return products;
      }
      products.close();
      return new PlainCodeProducts();
    } catch (OrtException e) {
      throw new InferenceException("ONNX Runtime cannot multiply codes: " + e.getMessage(), e);
    }
  }

  /** Whether the sums of as many extreme codes as a call may have are right. */
  static boolean exact(CodeProducts products) {
    byte[] codes = new byte[MAX_VECTORS * TRIED_CHANNELS];
    for (int j = 0; j < TRIED_CHANNELS; j++) {
      byte code = extreme(j);
      for (int v = 0; v < MAX_VECTORS; v++) {
        codes[v * TRIED_CHANNELS + j] = code;
      }
    }
    long[][] upper = new long[TRIED_CHANNELS][];
    long[][] expected = new long[TRIED_CHANNELS][];
    for (int i = 0; i < TRIED_CHANNELS; i++) {
      upper[i] = new long[TRIED_CHANNELS - i];
      expected[i] = new long[TRIED_CHANNELS - i];
      for (int j = i; j < TRIED_CHANNELS; j++) {
        expected[i][j - i] = (long) MAX_VECTORS * extreme(i) * extreme(j);
      }
    }
    products.add(codes, MAX_VECTORS, TRIED_CHANNELS, upper);
    return Arrays.deepEquals(upper, expected);
  }

  private static byte extreme(int channel) {
    return channel % 3 == 1 ? Byte.MIN_VALUE : Byte.MAX_VALUE;
  }

  @Override
  public void add(byte[] codes, int vectors, int channels, long[][] upper) {
    int size = vectors * channels;
    ByteBuffer in = PinnedOutputs.grow(buffers, CodeProductsModel.CODES, size);
    for (int k = 0; k < size; k++) {
      in.put(k, (byte) (codes[k] ^ FLIP));
    }
    in.limit(size);
    int bytes = Math.multiplyExact(Math.multiplyExact(channels, channels), Integer.BYTES);
    ByteBuffer out = PinnedOutputs.grow(buffers, CodeProductsModel.PRODUCTS, bytes).limit(bytes);
    IntBuffer sums = out.order(ByteOrder.nativeOrder()).asIntBuffer();
    OrtEnvironment environment = OrtRuntime.environment();
    long[] inShape = {vectors, channels};
    long[] outShape = {channels, channels};
    try (OnnxTensor input = OnnxTensor.createTensor(environment, in, inShape, OnnxJavaType.UINT8);
        OnnxTensor output = OnnxTensor.createTensor(environment, sums, outShape)) {
      session
          .run(Map.of(CodeProductsModel.CODES, input), Map.of(CodeProductsModel.PRODUCTS, output))
          .close();
    } catch (OrtException e) {
      throw new InferenceException("ONNX Runtime cannot multiply codes: " + e.getMessage(), e);
    }
    if (row.length < channels) {
      row = new int[channels];
    }
    for (int i = 0; i < channels; i++) {
      sums.get(i * channels + i, row, 0, channels - i);
      long[] own = upper[i];
      for (int j = 0; j < own.length; j++) {
        own[j] = Math.addExact(own[j], row[j]);
      }
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new InferenceException("Cannot close the session that multiplies codes", e);
    }
  }
}
