package dev.tare.jobs.run;

import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.QuantizationFacts;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.console.Launcher;
import dev.tare.jobs.console.QualityTable;
import dev.tare.jobs.storage.FinishedRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.fs.Path;

/** What a run with a quantized model ends with: the model, what it costs, and the next command. */
final class Ending {

  private Ending() {}

  /**
   * Returns the lines, none for a run without a quantized model.
   *
   * @param run the run that was made
   * @param quality what evaluation measured, if it ran
   */
  static List<String> of(FinishedRun run, Optional<Quality> quality) {
    List<FinishedRun.StoredFile> models = run.files(Part.MODEL);
    Optional<QuantizationFacts> facts =
        run.manifest().facts(run.folder().path().toString()).quantization();
    if (models.isEmpty() || facts.isEmpty()) {
      return List.of();
    }
    List<String> lines = new ArrayList<>();
    long bytes = models.stream().mapToLong(file -> file.digest().bytes()).sum();
    String size = Amounts.size(facts.get().floatModelBytes()) + " -> " + Amounts.size(bytes);
    lines.add("  model   " + place(models) + ", " + size + speed(quality));
    if (quality.isPresent()) {
      lines.add("  report  " + Launcher.command("report " + run.folder().path()));
    }
    if (quality.isPresent() && !run.manifest().gateFailed()) {
      lines.add("  deploy  " + Launcher.command("publish " + run.folder().path() + " --as NAME"));
    }
    return lines;
  }

  /** The model's file, or the folder of one that has several there. */
  private static Path place(List<FinishedRun.StoredFile> models) {
    Path first = models.get(0).path();
    boolean folder = models.size() > 1 && first.getParent().getName().equals(Part.MODEL_STEM);
    return folder ? first.getParent() : first;
  }

  private static String speed(Optional<Quality> quality) {
    return quality
        .filter(measured -> measured.samples() >= QualityTable.FEW_SAMPLES)
        .map(Quality::timeRatio)
        .filter(ratio -> ratio > 0)
        .map(ratio -> String.format(Locale.ROOT, ", %.2f of float's time", ratio))
        .orElse("");
  }
}
