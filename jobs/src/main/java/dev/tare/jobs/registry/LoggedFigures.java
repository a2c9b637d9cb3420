package dev.tare.jobs.registry;

import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.manage.Publishable;
import dev.tare.jobs.storage.FinishedRun;
import java.io.IOException;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Parameters and metrics of a run, as a registry takes them. */
final class LoggedFigures {

  /** Older servers refuse longer values. */
  private static final int MOST = 500;

  private LoggedFigures() {}

  /** The effective configuration; texts that are too long are cut. */
  static SortedMap<String, String> parameters(FinishedRun run) {
    SortedMap<String, String> parameters = new TreeMap<>();
    run.manifest()
        .configuration()
        .forEach(
            (key, value) ->
                parameters.put(
                    key, value.length() <= MOST ? value : value.substring(0, MOST - 3) + "..."));
    parameters.put("tare-version", run.manifest().tareVersion());
    return parameters;
  }

  /** Quality of the headline output, sizes and times; what is not finite or not known is absent. */
  static SortedMap<String, Double> metrics(Publishable publishable) throws IOException {
    SortedMap<String, Double> metrics = new TreeMap<>();
    FinishedRun run = publishable.run();
    Optional<Quality> quality = publishable.quality();
    if (quality.isPresent()) {
      Quality measured = quality.get();
      Quality.headline(measured.outputs())
          .ifPresent(
              output -> {
                put(metrics, "cosine_mean", output.cosineMean());
                put(metrics, "cosine_min", output.cosineMin());
                put(metrics, "sqnr_db", output.sqnrDb());
                output
                    .argmaxAgreement()
                    .ifPresent(share -> put(metrics, "argmax_agreement", share));
              });
      measured.nearestNeighbour().ifPresent(share -> put(metrics, "nearest_neighbour", share));
      put(metrics, "time_ratio", measured.timeRatio());
      measured.latency().ifPresent(latency -> put(metrics, latency));
      put(metrics, "samples", (double) measured.samples());
    }
    run.facts()
        .quantization()
        .ifPresent(facts -> put(metrics, "float_model_bytes", (double) facts.floatModelBytes()));
    put(
        metrics,
        "model_bytes",
        (double) run.files(Part.MODEL).stream().mapToLong(file -> file.digest().bytes()).sum());
    return metrics;
  }

  private static void put(SortedMap<String, Double> metrics, Latency latency) {
    put(metrics, "latency_ms", latency.quantizedMillis());
    put(metrics, "latency_float_ms", latency.floatMillis());
    put(metrics, "latency_ratio", latency.ratio());
  }

  private static void put(SortedMap<String, Double> metrics, String key, double value) {
    if (Double.isFinite(value)) {
      metrics.put(key, value);
    }
  }
}
