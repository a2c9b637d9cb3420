package dev.tare.jobs.stage;

import java.io.IOException;
import java.util.List;

/** One step of a run; also a run of its own. */
public interface Stage extends Stages {

  /**
   * Writes the parts of the run that this stage makes.
   *
   * @return the work with what this stage adds to it
   */
  Work run(Work work) throws IOException;

  @Override
  default List<Stage> inOrder(Inputs inputs) throws IOException {
    return List.of(this);
  }
}
