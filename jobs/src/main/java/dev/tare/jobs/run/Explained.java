package dev.tare.jobs.run;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.jobs.TareException;
import dev.tare.jobs.input.InputException;
import dev.tare.jobs.platform.Faults;
import java.io.IOException;
import java.util.Optional;

/**
 * Runs work and translates failures deep inside a job for the user: data and models that only a
 * task found to be bad are bad input, not bugs.
 */
final class Explained {

  private Explained() {}

  /** Work of a stage. */
  interface Work<T> {
    T run() throws IOException;
  }

  /**
   * Runs work; a failure is rethrown as an error that tells the user what to do.
   *
   * @throws TareException (bad input) if a task could not read a file of the data, or ONNX Runtime
   *     could not run a model or a sample; (usage or platform) if memory, disk, native code,
   *     settings or the cluster failed
   */
  static <T> T run(Work<T> work) throws IOException {
    try {
      return work.run();
    } catch (Throwable e) {
      // All exceptions: Spark throws checked ones that no signature declares.
      Optional<TareException> known = explain(e);
      if (known.isPresent()) {
        throw known.get();
      }
      throw e;
    }
  }

  private static Optional<TareException> explain(Throwable failure) {
    Optional<TareException> told = TareException.find(failure);
    if (told.isPresent()) {
      return told;
    }
    Optional<TareException> fault = Faults.explainWork(failure);
    if (fault.isPresent()) {
      return fault;
    }
    Optional<InputException> input = InputException.ofFailedRead(failure);
    if (input.isPresent()) {
      return Optional.of(TareException.badInput(input.get().getMessage(), failure));
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof InferenceException || cause instanceof InvalidModelException) {
        return Optional.of(TareException.badInput(cause.getMessage(), failure));
      }
    }
    return Optional.empty();
  }
}
