package dev.tare.engine.infer.ort;

import ai.onnxruntime.OrtException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.OperatorTime;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Reads what ONNX Runtime's profiler writes: an array of events, of which one is each run of the
 * model, and one each run of a kernel, in microseconds.
 *
 * @see <a href="https://onnxruntime.ai/docs/performance/tune-performance/profiling-tools.html">ONNX
 *     Runtime, profiling tools</a>
 */
final class OrtProfile {

  private static final ObjectReader EVENTS = new ObjectMapper().readerFor(JsonNode.class);

  private static final String KERNEL = "_kernel_time";

  private final Map<String, String> kernels = new LinkedHashMap<>();
  private final Map<String, List<Long>> micros = new LinkedHashMap<>();
  private int runs;

  private OrtProfile() {}

  static List<OperatorTime> of(ModelFile model, InferenceOptions options, Consumer<Session> work) {
    return of(model, options, work, Path.of(System.getProperty("java.io.tmpdir")));
  }

  /**
   * @param parent an existing folder, for the profile while it is made
   */
  static List<OperatorTime> of(
      ModelFile model, InferenceOptions options, Consumer<Session> work, Path parent) {
    try {
      Path folder = Files.createTempDirectory(parent, "tare-profile");
      try (OrtInference session =
          OrtInference.open(model, options, Optional.of(folder.resolve("profile")))) {
        work.accept(session);
        return times(session.endProfiling());
      } finally {
        delete(folder);
      }
    } catch (IOException | OrtException e) {
      throw new InferenceException(
          "Cannot read the profile of model '%s': %s"
              .formatted(model.file().getFileName(), e.getMessage()),
          e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  /** The times of a file's operators, in the order in which they ran first. */
  static List<OperatorTime> times(Path file) throws IOException {
    OrtProfile profile = new OrtProfile();
    try (MappingIterator<JsonNode> events = EVENTS.readValues(file.toFile())) {
      while (events.hasNextValue()) {
        profile.add(events.nextValue());
      }
    }
    return profile.times();
  }

  private void add(JsonNode event) {
    String name = event.path("name").asText();
    if (event.path("cat").asText().equals("Session") && name.equals("model_run")) {
      runs++;
    }
    if (event.path("cat").asText().equals("Node") && name.endsWith(KERNEL)) {
      String node = name.substring(0, name.length() - KERNEL.length());
      kernels.putIfAbsent(node, event.path("args").path("op_name").asText());
      micros.computeIfAbsent(node, n -> new ArrayList<>()).add(event.path("dur").asLong());
    }
  }

  private List<OperatorTime> times() {
    List<OperatorTime> times = new ArrayList<>();
    micros.forEach(
        (node, own) -> {
          List<Long> sorted = own.stream().sorted().toList();
          double median =
              (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2.0;
          // In the body of a loop an operator runs several times.
          double perRun = sorted.size() / (double) Math.max(1, runs);
          times.add(new OperatorTime(node, kernels.get(node), median * perRun / 1e3));
        });
    return times;
  }
}
