package dev.tare.jobs.storage;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/**
 * The runs that one command reads, each opened once: a name that moves meanwhile changes neither
 * what is read nor what the manifest says was read. Not thread-safe; confined to the driver.
 */
public final class OpenedRuns {
  private final Configuration hadoop;
  private final Map<String, FinishedRun> opened = new HashMap<>();

  public OpenedRuns(Configuration hadoop) {
    this.hadoop = hadoop;
  }

  /**
   * The finished run at a location, or the one that the name there pointed to on the first call.
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
}
