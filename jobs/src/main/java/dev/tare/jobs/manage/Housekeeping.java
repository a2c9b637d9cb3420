package dev.tare.jobs.manage;

import static dev.tare.jobs.console.Columns.Align.LEFT;
import static dev.tare.jobs.console.Columns.Align.RIGHT;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Status;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.console.Columns;
import dev.tare.jobs.storage.AbandonedRuns;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.storage.RunName;
import dev.tare.jobs.storage.RunTree;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** {@code tare verify}, {@code tare runs} and {@code tare gc}; needs no Spark. */
public final class Housekeeping {

  private final PrintStream out;
  private final Configuration hadoop = HadoopSettings.ofDriver();

  public Housekeeping(PrintStream out) {
    this.out = out;
  }

  /**
   * Prints a line for each file that differs from the manifest.
   *
   * @throws TareException (bad input) if there is any, or no finished run
   */
  public ExitCode verify(String location) throws IOException {
    FinishedRun run = RunFolder.open(location, hadoop);
    List<String> damage = run.damage();
    damage.forEach(out::println);
    if (!damage.isEmpty()) {
      throw TareException.badInput(
          "Run %s is damaged: %s"
              .formatted(
                  run.folder().path(),
                  damage.size() == 1 ? damage.get(0) : damage.size() + " files, listed above"));
    }
    out.printf(
        "%s is whole: %d files, %s%n",
        run.folder().path(),
        run.manifest().files().size(),
        Amounts.megabytes(bytes(run.manifest())));
    return ExitCode.OK;
  }

  /** Prints a table of the runs below a root. */
  public ExitCode runs(String root) throws IOException {
    RunTree tree = RunTree.below(root, hadoop);
    Map<Path, List<String>> names = new TreeMap<>();
    for (RunName name : tree.names()) {
      Optional<RunName.Target> target = name.target();
      if (target.isPresent()) {
        names
            .computeIfAbsent(target.get().run(), run -> new ArrayList<>())
            .add(tree.relative(name.path()));
      }
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("run", "state", "stages", "gate", "when", "bytes", "published as"));
    for (RunFolder run : tree.runs()) {
      List<String> row = new ArrayList<>(List.of(tree.relative(run.path())));
      row.addAll(facts(run));
      row.add(String.join(", ", names.getOrDefault(run.path(), List.of())));
      rows.add(row);
    }
    Columns.of(LEFT, LEFT, LEFT, LEFT, LEFT, RIGHT, LEFT).print(rows, out);
    return ExitCode.OK;
  }

  private static List<String> facts(RunFolder run) throws IOException {
    if (run.state() == RunFolder.State.FINISHED) {
      try {
        Manifest manifest = run.open().manifest();
        String gate = manifest.gatePassed() ? "passed" : manifest.gateFailed() ? "failed" : "none";
        return List.of(
            "finished",
            String.join(", ", manifest.stages()),
            gate,
            manifest.created().toString(),
            String.format(Locale.ROOT, "%,d", bytes(manifest)));
      } catch (TareException e) {
        return List.of("unreadable", "", "", "", "");
      }
    }
    return List.of(
        run.status().map(Status::word).orElse("unfinished"),
        "",
        "",
        run.status().map(Status::time).map(Instant::toString).orElse(""),
        "");
  }

  /** Removes abandoned runs, or only lists them. */
  public ExitCode gc(String root, Duration olderThan, boolean dryRun) throws IOException {
    RunTree tree = RunTree.below(root, hadoop);
    AbandonedRuns abandoned = AbandonedRuns.in(tree, hadoop);
    Instant limit = Instant.now().minus(olderThan);
    long removed = 0;
    long bytes = 0;
    long uploads = 0;
    for (AbandonedRuns.Abandoned one : abandoned.before(limit)) {
      Optional<AbandonedRuns.Removal> removal = dryRun ? Optional.empty() : abandoned.remove(one);
      if (dryRun || removal.isPresent()) {
        removed++;
        bytes += one.bytes();
        uploads += removal.map(AbandonedRuns.Removal::uploads).orElse(0);
        out.printf(
            Locale.ROOT,
            "%s %s (last activity %s, %,d bytes in %d files)%n",
            dryRun ? "would remove" : "removed",
            tree.relative(one.path()),
            one.lastActivity().truncatedTo(ChronoUnit.SECONDS),
            one.bytes(),
            one.files());
        removal
            .flatMap(AbandonedRuns.Removal::failure)
            .ifPresent(why -> out.printf("its incomplete uploads, if any, stay: %s%n", why));
      }
    }
    out.printf(
        Locale.ROOT,
        "%s %d abandoned, %,d bytes%s%n",
        dryRun ? "Would remove" : "Removed",
        removed,
        bytes,
        uploads > 0 ? String.format(Locale.ROOT, ", %,d incomplete uploads", uploads) : "");
    return ExitCode.OK;
  }

  private static long bytes(Manifest manifest) {
    return manifest.files().stream().mapToLong(file -> file.digest().bytes()).sum();
  }
}
