package dev.tare.engine.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;

/** What ONNX Runtime makes of a model before it runs it. */
public final class OptimizedModel {

  private OptimizedModel() {}

  /**
   * Operators of the optimized model, and how many there are of each.
   *
   * @param file where to write that model
   */
  public static SortedMap<String, Integer> operators(OnnxModel model, Path file)
      throws IOException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OptLevel.EXTENDED_OPT);
      options.setOptimizedModelFilePath(file.toString());
      OrtEnvironment.getEnvironment().createSession(model.toByteArray(), options).close();
    } catch (OrtException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    SortedMap<String, Integer> operators = new TreeMap<>();
    OnnxModel.parse(Files.readAllBytes(file), "optimized")
        .graph()
        .getNodeList()
        .forEach(node -> operators.merge(node.getOpType(), 1, Integer::sum));
    return operators;
  }
}
