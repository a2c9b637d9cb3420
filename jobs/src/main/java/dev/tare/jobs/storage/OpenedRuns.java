package dev.tare.jobs.storage;

import java.io.IOException;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The runs that one command reads, each opened once: a name that moves meanwhile affects neither
 * what is read nor what the manifest records. Not thread-safe; confined to the driver.
 */
public final class OpenedRuns {
  private final Configuration hadoop;
  private final Map<String, FinishedRun> opened = new HashMap<>();

  public OpenedRuns(Configuration hadoop) {
    this.hadoop = hadoop;
  }

  /**
   * Returns the finished run at a location, or the one that the name there pointed to on the first
   * call.
   *
   * @throws dev.tare.jobs.TareException (bad input) if there is neither
   */
  public FinishedRun open(String location) throws IOException {
    FinishedRun run = opened.get(location);
    if (run == null) {
      run = RunFolder.open(location, hadoop);
      opened.put(location, run);
    }
    return run;
  }

  /**
   * Returns the finished run in a folder that a document names. It is given as a URI, since Hadoop
   * does not decode {@code %20} in a path.
   *
   * @throws dev.tare.jobs.TareException (bad input) if there is none
   */
  public FinishedRun open(URI place) throws IOException {
    return open(new Path(place).toString());
  }
}
