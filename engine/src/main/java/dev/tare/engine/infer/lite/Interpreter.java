package dev.tare.engine.infer.lite;

import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterAllocateTensors;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterCreate;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterDelete;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterGetInputTensor;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterGetInputTensorCount;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterGetOutputTensor;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterGetOutputTensorCount;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterInvoke;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterOptionsCreate;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterOptionsDelete;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterOptionsSetNumThreads;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteInterpreterResizeInputTensor;
import static org.bytedeco.tensorflowlite.global.tensorflowlite.TfLiteTensorName;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.tensor.Shape;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.tensorflowlite.TfLiteInterpreter;
import org.bytedeco.tensorflowlite.TfLiteInterpreterOptions;
import org.bytedeco.tensorflowlite.TfLiteModel;
import org.bytedeco.tensorflowlite.TfLiteTensor;

/** An interpreter of a model with memory for one batch. Not thread-safe; confined to a thread. */
final class Interpreter implements AutoCloseable {

  private static final int OK = 0;

  private final String model;
  private final TfLiteInterpreter interpreter;
  private final Map<String, Integer> inputs = new LinkedHashMap<>();
  private final Map<String, Integer> outputs = new LinkedHashMap<>();
  private boolean closed;

  Interpreter(String name, TfLiteModel model, int threads) {
    this.model = name;
    TfLiteInterpreterOptions options = TfLiteInterpreterOptionsCreate();
    try {
      TfLiteInterpreterOptionsSetNumThreads(options, threads);
      interpreter = TfLiteInterpreterCreate(model, options);
    } finally {
      TfLiteInterpreterOptionsDelete(options);
    }
    if (interpreter == null || interpreter.isNull()) {
      throw new InferenceException(
          "TensorFlow Lite cannot make model '%s' ready: it lacks one of its operators, or their settings are invalid"
              .formatted(name));
    }
    allocate();
    for (int i = 0; i < TfLiteInterpreterGetInputTensorCount(interpreter); i++) {
      inputs.put(TfLiteTensorName(input(i)).getString(), i);
    }
    for (int i = 0; i < TfLiteInterpreterGetOutputTensorCount(interpreter); i++) {
      outputs.putIfAbsent(TfLiteTensorName(output(i)).getString(), i);
    }
  }

  private void allocate() {
    require(
        TfLiteInterpreterAllocateTensors(interpreter),
        "cannot make memory ready for model '%s': shapes or settings of an operator are invalid");
  }

  private void require(int status, String problem) {
    if (status != OK) {
      throw new InferenceException(("TensorFlow Lite " + problem).formatted(model));
    }
  }

  /** The positions of inputs by name. */
  Map<String, Integer> inputs() {
    return Collections.unmodifiableMap(inputs);
  }

  /** The positions of outputs by name. */
  Map<String, Integer> outputs() {
    return Collections.unmodifiableMap(outputs);
  }

  TfLiteTensor input(int index) {
    return TfLiteInterpreterGetInputTensor(interpreter, index);
  }

  TfLiteTensor output(int index) {
    return TfLiteInterpreterGetOutputTensor(interpreter, index);
  }

  /** Gives inputs other shapes; tensors asked for before are invalid afterwards. */
  void resize(Map<Integer, Shape> shapes) {
    shapes.forEach(
        (index, shape) -> {
          int[] dims = shape.dims().stream().mapToInt(Math::toIntExact).toArray();
          require(
              TfLiteInterpreterResizeInputTensor(interpreter, index, dims, dims.length),
              "cannot give an input of model '%s' the shape " + shape);
        });
    if (!shapes.isEmpty()) {
      allocate();
    }
  }

  void invoke() {
    require(TfLiteInterpreterInvoke(interpreter), "cannot run model '%s'");
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      TfLiteInterpreterDelete(interpreter);
    }
  }
}
