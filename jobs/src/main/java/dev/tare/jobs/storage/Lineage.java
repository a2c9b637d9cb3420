package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.Path;

/**
 * A finished run and the runs it was made from, nearest first.
 *
 * <p>The links are the inputs listed in manifests: an evaluation reads a quantized run, that one a
 * plan, that one statistics. A link is valid only if the manifest at its target is still the one
 * that was read; a run that was moved is also searched next to the run that names it.
 *
 * @param runs the run itself, then its sources
 * @param broken one sentence for each link that could not be followed
 */
public record Lineage(List<FinishedRun> runs, List<String> broken) {
  private static final Set<String> LINKS = Set.of("quantized", "plan", "statistics");

  /** Copies both lists. */
  public Lineage {
    runs = List.copyOf(runs);
    broken = List.copyOf(broken);
  }

  /**
   * Follows the links of a run.
   *
   * @param location path or URI of the run, or of a name that points to it
   * @param opened the runs that the command has opened so far; those of the lineage are added
   * @throws TareException (bad input) if there is no finished run at the location
   */
  public static Lineage of(String location, OpenedRuns opened) throws IOException {
    List<FinishedRun> runs = new ArrayList<>();
    List<String> broken = new ArrayList<>();
    Deque<FinishedRun> open = new ArrayDeque<>();
    open.add(opened.open(location));
    while (!open.isEmpty()) {
      FinishedRun run = open.remove();
      runs.add(run);
      for (InputRef input : run.manifest().inputs()) {
        if (LINKS.contains(input.name())) {
          follow(run, input, opened, broken).ifPresent(open::add);
        }
      }
    }
    return new Lineage(runs, broken);
  }

  private static Optional<FinishedRun> follow(
      FinishedRun from, InputRef link, OpenedRuns opened, List<String> broken) throws IOException {
    String run = from.manifest().runId();
    Path place;
    try {
      place =
          StoredPlace.of(
              link.uri(),
              from.folder().path(),
              "Run '%s' names as its input '%s'".formatted(run, link.name()));
    } catch (TareException e) {
      broken.add(e.getMessage());
      return Optional.empty();
    }
    String why = "";
    for (Path path : withSibling(place, from.folder().path().getParent())) {
      try {
        FinishedRun found = opened.open(path.toUri());
        if (found.asInput(link.name()).sha256().equals(link.sha256())) {
          return Optional.of(found);
        }
        why = "there is another run now";
      } catch (TareException e) {
        why = why.isEmpty() ? "there is no finished run" : why;
      }
    }
    broken.add(
        "Run '%s' names %s as its input '%s', but %s".formatted(run, link.uri(), link.name(), why));
    return Optional.empty();
  }

  private static List<Path> withSibling(Path place, Path beside) {
    return beside == null || place.isRoot()
        ? List.of(place)
        : List.of(place, Locations.child(beside, place.getName()));
  }

  /**
   * Returns the nearest run that has a part.
   *
   * @param lack the message if none has; the links that could not be followed are appended
   * @throws TareException (bad input) if none has it
   */
  public FinishedRun require(Part part, String lack) {
    return holding(part)
        .orElseThrow(() -> TareException.badInput(lack + ". " + String.join("; ", broken)));
  }

  /** Returns the nearest run that has a part. */
  public Optional<FinishedRun> holding(Part part) {
    return runs.stream().filter(run -> run.has(part)).findFirst();
  }
}
