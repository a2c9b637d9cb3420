package dev.tare.engine.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import ai.onnxruntime.TensorInfo;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Runs models of tests in ONNX Runtime. */
public final class Reference {

  private Reference() {}

  public static Map<String, Tensor> run(
      OnnxModel model, Map<String, Tensor> inputs, OptLevel level) {
    return run(model.toByteArray(), inputs, level);
  }

  public static Map<String, Tensor> run(byte[] model, Map<String, Tensor> inputs, OptLevel level) {
    return runAll(model, List.of(inputs), level).get(0);
  }

  /** Outputs for each of several inputs, by one session. */
  public static List<Map<String, Tensor>> runAll(
      byte[] model, List<Map<String, Tensor>> inputs, OptLevel level) {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(level);
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(model, options)) {
        List<Map<String, Tensor>> outputs = new ArrayList<>();
        for (Map<String, Tensor> input : inputs) {
          outputs.add(run(environment, session, input));
        }
        return outputs;
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static Map<String, Tensor> run(
      OrtEnvironment environment, OrtSession session, Map<String, Tensor> inputs)
      throws OrtException {
    Map<String, OnnxTensor> feeds = new HashMap<>();
    try {
      for (Map.Entry<String, Tensor> input : inputs.entrySet()) {
        feeds.put(input.getKey(), feed(environment, input.getValue()));
      }
      Map<String, Tensor> outputs = new LinkedHashMap<>();
      try (OrtSession.Result result = session.run(feeds)) {
        for (Map.Entry<String, OnnxValue> entry : result) {
          outputs.put(entry.getKey(), tensor((OnnxTensor) entry.getValue()));
        }
      }
      return outputs;
    } finally {
      feeds.values().forEach(OnnxTensor::close);
    }
  }

  private static OnnxTensor feed(OrtEnvironment environment, Tensor tensor) throws OrtException {
    long[] shape = tensor.shape().toArray();
    if (tensor.dtype() == DType.FLOAT32) {
      return OnnxTensor.createTensor(environment, FloatBuffer.wrap(tensor.toFloatArray()), shape);
    }
    if (tensor.dtype() == DType.INT64) {
      return OnnxTensor.createTensor(environment, tensor.bytes().asLongBuffer(), shape);
    }
    boolean[] values = new boolean[(int) tensor.shape().size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = tensor.bytes().get(i) != 0;
    }
    return OnnxTensor.createTensor(
        environment, values.length == 1 && shape.length == 0 ? (Object) values[0] : values);
  }

  private static Tensor tensor(OnnxTensor value) {
    TensorInfo info = value.getInfo();
    DType dtype =
        switch (info.type) {
          case FLOAT -> DType.FLOAT32;
          case INT64 -> DType.INT64;
          case BOOL -> DType.BOOL;
          default -> throw new IllegalArgumentException("Unexpected type " + info.type);
        };
    ByteBuffer bytes = value.getByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    return Tensor.of(dtype, Shape.of(info.getShape()), bytes);
  }

  public static Tensor gaussian(long seed, long... dims) {
    Shape shape = Shape.of(dims);
    Random random = new Random(seed);
    float[] values = new float[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.ofFloats(shape, values);
  }
}
