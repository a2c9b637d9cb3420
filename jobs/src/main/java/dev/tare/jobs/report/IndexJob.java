package dev.tare.jobs.report;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Status;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.Lineage;
import dev.tare.jobs.storage.Locations;
import dev.tare.jobs.storage.OpenedRuns;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.storage.RunTree;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Makes an index page of the runs below a folder, from manifests and evaluations alone; needs no
 * Spark. Cost: one listing of each folder, and a few kilobytes of each run.
 */
public final class IndexJob {

  private final RunTree tree;
  private final Configuration hadoop;

  private IndexJob(RunTree tree, Configuration hadoop) {
    this.tree = tree;
    this.hadoop = hadoop;
  }

  /**
   * The index of a folder.
   *
   * @return empty if there is no such folder, it is a run or a name itself, or has no run below it
   */
  public static Optional<IndexJob> of(String location, Configuration hadoop) throws IOException {
    Path root = Locations.qualified(location, hadoop);
    if (!root.getFileSystem(hadoop).exists(root)
        || root.getFileSystem(hadoop).getFileStatus(root).isFile()) {
      return Optional.empty();
    }
    RunTree tree = RunTree.below(location, hadoop);
    boolean self =
        tree.runs().stream().anyMatch(run -> run.path().equals(tree.root()))
            || tree.names().stream().anyMatch(name -> name.path().equals(tree.root()));
    return self || tree.runs().isEmpty()
        ? Optional.empty()
        : Optional.of(new IndexJob(tree, hadoop));
  }

  /** Number of runs below the folder. */
  public int runs() {
    return tree.runs().size();
  }

  /**
   * Reads the runs and writes the page.
   *
   * @param out file of the page; an existing one is replaced
   * @return its path
   * @throws TareException (usage) if the page would go into a run's folder
   */
  public Path write(String out) throws IOException {
    PageFile file = PageFile.at(out, hadoop);
    List<RunEntry> evaluated = new ArrayList<>();
    List<RunEntry.Other> others = new ArrayList<>();
    OpenedRuns opened = new OpenedRuns(hadoop);
    for (RunFolder folder : tree.runs()) {
      String place = tree.relative(folder.path());
      if (folder.state() != RunFolder.State.FINISHED) {
        others.add(unfinished(place, folder));
        continue;
      }
      try {
        FinishedRun run = folder.open();
        if (run.has(Part.QUALITY)) {
          evaluated.add(new RunEntry(place, content(folder, run, opened), file.linkTo(place)));
        } else {
          others.add(RunEntry.Other.of(place, run.manifest()));
        }
      } catch (TareException e) {
        others.add(RunEntry.Other.of(place, Optional.empty(), "unreadable: " + e.getMessage()));
      }
    }
    RunsPage page = new RunsPage(tree.root().getName(), ModelHistory.of(evaluated), others);
    file.write(page::render);
    return file.path();
  }

  private static RunEntry.Other unfinished(String place, RunFolder folder) throws IOException {
    Optional<Status> status = folder.status();
    return RunEntry.Other.of(
        place,
        status.map(Status::time),
        status
            .filter(s -> s.outcome() != Status.Outcome.FINISHED)
            .map(Status::word)
            .orElse("without a manifest"));
  }

  private static RunContent content(RunFolder folder, FinishedRun run, OpenedRuns opened)
      throws IOException {
    Lineage lineage = Lineage.of(folder.path().toString(), opened);
    return new RunContent(
        lineage.runs().stream().map(FinishedRun::manifest).toList(),
        run.manifestDigest().sha256(),
        Optional.empty(),
        Optional.of(run.quality()),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Map.of(),
        Map.of(),
        List.of(),
        lineage.broken());
  }
}
