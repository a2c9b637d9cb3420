package dev.tare.jobs.stage;

import dev.tare.jobs.artifact.InputRef;
import java.io.IOException;
import java.util.List;
import java.util.SortedMap;

/** What makes a run: one stage, or several that follow each other. */
public interface Stages {

  /** As the command line spells it, and of a single stage the manifest too. */
  String name();

  /** Effective configuration by option name, without the output. */
  SortedMap<String, String> configuration();

  /** What is looked at before Spark starts. */
  default Places places() {
    return Places.NONE;
  }

  /** Everything that decides the content of the run; as it was opened first. */
  List<InputRef> inputs(Inputs inputs) throws IOException;

  /** The stages that run, one after the other. */
  List<Stage> inOrder(Inputs inputs) throws IOException;

  /**
   * Refuses, before the first stage begins, what a later one would refuse.
   *
   * @return the work with what is known so far
   */
  default Work prepare(Work work) throws IOException {
    return work;
  }
}
