package dev.tare.jobs.registry;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.tensor.Dim;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;

/**
 * The files by which MLflow knows a folder as a model of its flavours {@code onnx} and {@code
 * python_function}: {@code MLmodel}, and the packages that load it. They are written as JSON, which
 * is YAML too.
 */
final class ModelDocument {

  private static final List<String> PACKAGES = List.of("mlflow", "onnx", "onnxruntime");
  private static final String PYTHON = "3.11";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private ModelDocument() {}

  /**
   * {@code MLmodel}.
   *
   * @param folder of the model among the run's artifacts
   * @param file of the ONNX model in it
   * @param model whose inputs and outputs are the signature
   */
  static String mlmodel(
      String folder, String file, String runId, Instant created, FloatModel model) {
    ObjectNode document = MlflowServer.object();
    document.put("artifact_path", folder);
    ObjectNode flavors = document.putObject("flavors");
    ObjectNode onnx = flavors.putObject("onnx");
    onnx.putNull("code");
    onnx.put("data", file);
    onnx.putNull("onnx_session_options");
    onnx.putArray("providers").add("CPUExecutionProvider");
    ObjectNode function = flavors.putObject("python_function");
    function.put("data", file);
    ObjectNode environment = function.putObject("env");
    environment.put("conda", "conda.yaml");
    environment.put("virtualenv", "python_env.yaml");
    function.put("loader_module", "mlflow.onnx");
    function.put("python_version", PYTHON);
    document.put("run_id", runId);
    ObjectNode signature = document.putObject("signature");
    signature.put("inputs", tensors(model.inputs()));
    signature.put("outputs", tensors(model.outputs()));
    signature.putNull("params");
    document.put("utc_time_created", TIME.format(created));
    return document.toPrettyString() + "\n";
  }

  static String requirements() {
    return String.join("\n", PACKAGES) + "\n";
  }

  static String condaEnvironment() {
    ObjectNode document = MlflowServer.object();
    document.put("name", "mlflow-env");
    document.putArray("channels").add("conda-forge");
    ArrayNode all = document.putArray("dependencies");
    all.add("python=" + PYTHON).add("pip");
    PACKAGES.forEach(all.addObject().putArray("pip")::add);
    return document.toPrettyString() + "\n";
  }

  static String pythonEnvironment() {
    ObjectNode document = MlflowServer.object();
    document.put("python", PYTHON);
    document.putArray("build_dependencies");
    document.putArray("dependencies").add("-r requirements.txt");
    return document.toPrettyString() + "\n";
  }

  /** A schema of MLflow as the text that its document has; empty where a type is not declared. */
  private static String tensors(List<TensorInfo> tensors) {
    ArrayNode schema = MlflowServer.object().putArray("schema");
    for (TensorInfo tensor : tensors) {
      if (tensor.dtype().isPresent() && tensor.dims().isPresent()) {
        ObjectNode entry = schema.addObject();
        entry.put("type", "tensor");
        ObjectNode spec = entry.putObject("tensor-spec");
        spec.put("dtype", tensor.dtype().get().name().toLowerCase(Locale.ROOT));
        ArrayNode shape = spec.putArray("shape");
        for (Dim dim : tensor.dims().get()) {
          shape.add(dim instanceof Dim.Fixed fixed ? fixed.size() : -1);
        }
        entry.put("name", tensor.name());
      }
    }
    return schema.toString();
  }
}
