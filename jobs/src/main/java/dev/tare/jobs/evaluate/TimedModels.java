package dev.tare.jobs.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.WritableModel;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.JsonText;
import dev.tare.jobs.artifact.Latency;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Two models to be timed by the driver, as files.
 *
 * @param model what the inputs of both are read from
 * @param reference file of the float model
 * @param other file of the quantized one
 * @param batches at least one; samples of equal shapes each
 * @param threads of each model
 * @param mostPairs after which measuring ends undecided
 * @param longest time after which it ends undecided
 */
record TimedModels(
    FloatModel model,
    Path reference,
    Path other,
    List<List<Sample>> batches,
    int threads,
    int mostPairs,
    Duration longest) {

  /** Writes a model as one that has all its files in a folder; returns its own file. */
  static Path written(WritableModel model, Path folder, String stem) throws IOException {
    model.write(stem, name -> Files.newOutputStream(folder.resolve(name)));
    return folder.resolve(stem + ".onnx");
  }

  /** The job of a script, whose samples become files of the folder. */
  String job(Path folder) throws IOException {
    ObjectNode job = JsonText.object();
    job.put("float", reference.toString());
    job.put("quantized", other.toString());
    job.put("results", folder.toString());
    job.put("threads", threads);
    job.put("fewest-pairs", PairedRuns.FEWEST_PAIRS);
    job.put("most-pairs", mostPairs);
    job.put("seconds", longest.toSeconds());
    job.put("decided", Latency.DECIDED);
    List<Sample> all = new ArrayList<>();
    ArrayNode groups = job.putArray("batches");
    for (List<Sample> batch : batches) {
      ArrayNode group = groups.addArray();
      for (Sample sample : batch) {
        group.add(all.size());
        all.add(sample);
      }
    }
    SampleFiles.put(job, model, all, folder);
    return JsonText.format(job);
  }

  /** What the script measured: times of both in nanoseconds, pair by pair. */
  Latency latency(JsonNode result) {
    PairedTimes times = new PairedTimes();
    JsonNode first = result.path("float-ns");
    for (int i = 0; i < first.size(); i++) {
      times.add(first.get(i).asLong(), result.path("quantized-ns").get(i).asLong());
    }
    String runtime =
        "OpenVINO %s, INFERENCE_PRECISION_HINT=%s (its default)"
            .formatted(result.path("version").asText(), result.path("precision").asText());
    return times.latency(runtime, batches.get(0), threads);
  }
}
