package dev.tare.jobs.run;

import dev.tare.jobs.model.ModelHandle;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;

/**
 * Work that needs no Spark, done while Spark starts: that takes seconds, in which one thread loads
 * classes and another core has nothing to do.
 */
public final class ReadAhead {

  private ReadAhead() {}

  /**
   * Reads and prepares a model in a thread of its own; who opens it waits for that thread.
   *
   * @param location path or URI
   */
  public static void model(String location, Configuration hadoop) {
    begin(() -> read(location, hadoop, true));
  }

  /**
   * Reads a model in this thread.
   *
   * @param prepared whether it will be observed or quantized: preparing may take as much memory as
   *     its constants
   */
  static ModelHandle read(String location, Configuration hadoop, boolean prepared)
      throws IOException {
    ModelHandle model = ModelHandle.openUnchecked(location, hadoop);
    if (prepared) {
      model.prepared();
    }
    return model;
  }

  /**
   * Does work in a thread of its own.
   *
   * @param work done again by who needs its result, who gets what it throws: here it is ignored
   */
  public static void begin(Callable<?> work) {
    Thread reader =
        new Thread(
            () -> {
              try {
                work.call();
              } catch (Throwable e) {
                // Anything: who needs the result meets it again.
                return;
              }
            },
            "tare-read-ahead");
    reader.setDaemon(true);
    reader.start();
  }
}
