package dev.tare.jobs.stage;

import dev.tare.jobs.artifact.InputRef;
import java.io.IOException;
import java.util.List;
import java.util.SortedMap;

/** The stages of a run: one, or several in a row. */
public interface Stages {

  /** Returns the name on the command line; for a single stage also in the manifest. */
  String name();

  /** Effective configuration by option name, without the output. */
  SortedMap<String, String> configuration();

  /** Returns what is checked before Spark starts. */
  default Places places() {
    return Places.NONE;
  }

  /** Returns everything that decides the content of the run, as first opened. */
  List<InputRef> inputs(Inputs inputs) throws IOException;

  /** Returns the stages in the order in which they run. */
  List<Stage> inOrder(Inputs inputs) throws IOException;

  /**
   * Checks, before the first stage begins, what a later one would refuse.
   *
   * @return the work with what is known so far
   */
  default Work prepare(Work work) throws IOException {
    return work;
  }
}
