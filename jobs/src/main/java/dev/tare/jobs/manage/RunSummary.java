package dev.tare.jobs.manage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.GateOutcome;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.console.CompensationTable;
import dev.tare.jobs.console.Launcher;
import dev.tare.jobs.storage.FinishedRun;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;

/** What a finished run came to, in a few lines, and the commands that may follow. */
final class RunSummary {

  private final PrintStream out;
  private final Fields fields;

  RunSummary(PrintStream out) {
    this.out = out;
    this.fields = new Fields(out);
  }

  void print(FinishedRun run) throws IOException {
    RunFacts facts = run.facts();
    facts
        .data()
        .ifPresent(
            data ->
                fields.print(
                    "rows", "%d, %d of them samples".formatted(data.rows(), data.samples())));
    facts
        .calibration()
        .ifPresent(c -> fields.print("calibrated on", Amounts.counted(c.samples(), "sample")));
    facts
        .selection()
        .ifPresent(
            s ->
                fields.print(
                    "recipe",
                    s.recipe()
                        + " for "
                        + s.target()
                        + s.placement().map(name -> ", placement " + name).orElse("")));
    if (run.has(Part.COMPENSATION)) {
      fields.print("compensation", compensation(run));
    }
    model(run, facts);
    facts
        .evaluation()
        .ifPresent(
            e ->
                fields.print(
                    "cosine to float",
                    String.format(
                        Locale.ROOT,
                        "mean %.4f, minimum %.4f of '%s' on %s",
                        e.cosineMean(),
                        e.cosineMin(),
                        e.vector(),
                        Amounts.counted(e.samples(), "sample"))));
    if (facts.gate() != GateOutcome.NONE) {
      fields.print("gate", facts.gate().word());
    }
    facts.warnings().forEach(warning -> fields.print("warning", warning));
    files(run.manifest().files());
    next(run, facts);
  }

  private void model(FinishedRun run, RunFacts facts) {
    List<FinishedRun.StoredFile> models = run.files(Part.MODEL);
    if (models.isEmpty()) {
      return;
    }
    long bytes = models.stream().mapToLong(file -> file.digest().bytes()).sum();
    fields.print(
        "model of the run",
        models.get(0).path()
            + ", "
            + facts.quantization().map(q -> Amounts.size(q.floatModelBytes()) + " -> ").orElse("")
            + Amounts.size(bytes));
  }

  private void files(List<FileEntry> files) {
    SortedSet<String> parts = new TreeSet<>();
    for (FileEntry file : files) {
      int slash = file.path().indexOf('/');
      parts.add(slash < 0 ? file.path() : file.path().substring(0, slash + 1));
    }
    long bytes = files.stream().mapToLong(file -> file.digest().bytes()).sum();
    fields.print(
        "files",
        "%d, %s: %s".formatted(files.size(), Amounts.size(bytes), String.join(", ", parts)));
  }

  private void next(FinishedRun run, RunFacts facts) {
    String place = run.folder().path().toString();
    out.printf("%neverything   %s%n", Launcher.command("inspect --verbose " + place));
    if (facts.evaluation().isPresent()) {
      out.printf("next         %s%n", Launcher.command("report " + place));
    }
  }

  /** What a run decided, or why that cannot be read: the rest of the run still can. */
  private static String compensation(FinishedRun run) throws IOException {
    try {
      return CompensationTable.outcome(run.compensation());
    } catch (TareException e) {
      return e.getMessage();
    }
  }
}
