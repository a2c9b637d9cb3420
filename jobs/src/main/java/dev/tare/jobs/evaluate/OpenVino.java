package dev.tare.jobs.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.JsonText;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.StrictJson;
import dev.tare.jobs.artifact.TargetQuality;
import dev.tare.jobs.model.ModelHandle;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.io.FileUtils;

/** OpenVINO's CPU plug-in, by the script of {@code deploy/openvino} in a Python of the driver. */
final class OpenVino implements TargetRuntime {

  private static final String SCRIPT = "/dev/tare/openvino/tare_openvino.py";

  private final PythonProcess python;

  /**
   * @param python interpreter; empty for the usual one of {@link PythonProcess#of}
   */
  OpenVino(Optional<String> python) {
    this.python = PythonProcess.of(python);
  }

  @Override
  public Optional<String> missing() throws IOException {
    return inFolder(
        folder -> {
          Optional<String> failure = python.failure(List.of(script(folder), "version"));
          return failure.map(
              said ->
                  "Target openvino is measured by a Python with the package openvino, which '%s' is not: %s. Run 'pip install openvino' for it, or name another by --python"
                      .formatted(python.interpreter(), said));
        });
  }

  @Override
  public boolean times() {
    return true;
  }

  @Override
  public Latency latency(TimedModels models) throws IOException {
    return inFolder(
        folder -> {
          Path job = folder.resolve("job.json");
          Files.writeString(job, models.job(folder));
          Optional<String> failure =
              python.failure(List.of(script(folder), "time", job.toString()));
          if (failure.isPresent()) {
            throw TareException.badInput("OpenVINO cannot time the models: " + failure.get());
          }
          return models.latency(result(folder));
        });
  }

  @Override
  public Outcome run(ModelHandle model, List<Sample> samples, List<String> tensors)
      throws IOException {
    return inFolder(
        folder -> {
          Path job = folder.resolve("job.json");
          Files.writeString(job, job(model, samples, tensors, folder));
          Optional<String> failure = python.failure(List.of(script(folder), "run", job.toString()));
          if (failure.isPresent()) {
            throw TareException.badInput("OpenVINO cannot run the model: " + failure.get());
          }
          return outcome(folder, samples.size(), tensors);
        });
  }

  private static String job(
      ModelHandle model, List<Sample> samples, List<String> tensors, Path folder)
      throws IOException {
    ObjectNode job = JsonText.object();
    job.put("model", model.path().toString());
    job.put("results", folder.toString());
    tensors.forEach(job.putArray("outputs")::add);
    SampleFiles.put(job, model.parse(), samples, folder);
    return JsonText.format(job);
  }

  private static Outcome outcome(Path folder, int samples, List<String> tensors)
      throws IOException {
    ObjectNode result = result(folder);
    List<Map<String, float[]>> values = new ArrayList<>();
    for (int n = 0; n < samples; n++) {
      Map<String, float[]> own = new HashMap<>();
      for (int m = 0; m < tensors.size(); m++) {
        ByteBuffer bytes =
            ByteBuffer.wrap(Files.readAllBytes(folder.resolve(n + "-" + m + ".f32")));
        float[] floats = new float[bytes.remaining() / Float.BYTES];
        bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
        own.put(tensors.get(m), floats);
      }
      values.add(own);
    }
    return new Outcome(
        "OpenVINO " + result.path("version").asText() + ", INFERENCE_PRECISION_HINT=f32",
        values,
        Optional.of(kernels(result.path("kernels"))));
  }

  private static ObjectNode result(Path folder) throws IOException {
    return StrictJson.parse(Files.readString(folder.resolve("result.json")), "OpenVINO's result");
  }

  private static TargetQuality.Kernels kernels(JsonNode counts) {
    int integer = 0;
    int all = 0;
    for (Map.Entry<String, JsonNode> kernel : counts.properties()) {
      all += kernel.getValue().asInt();
      integer += kernel.getKey().matches(".*_[iI]8") ? kernel.getValue().asInt() : 0;
    }
    return new TargetQuality.Kernels(integer, all);
  }

  private static String script(Path folder) throws IOException {
    Path script = folder.resolve("tare_openvino.py");
    try (InputStream packed = OpenVino.class.getResourceAsStream(SCRIPT)) {
      if (packed == null) {
        throw new IllegalStateException("The build lacks " + SCRIPT);
      }
      Files.copy(packed, script);
    }
    return script.toString();
  }

  private interface InFolder<T> {
    T run(Path folder) throws IOException;
  }

  private static <T> T inFolder(InFolder<T> work) throws IOException {
    Path folder = Files.createTempDirectory("tare-openvino");
    try {
      return work.run(folder);
    } finally {
      FileUtils.deleteDirectory(folder.toFile());
    }
  }
}
