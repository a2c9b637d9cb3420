package dev.tare.jobs.cli;

import java.util.SortedMap;

/** Options of a subcommand that makes a run of one stage. */
public interface StageOptions {

  /** Where the run goes. */
  OutputOptions output();

  /** Effective configuration by option name, without the output. */
  SortedMap<String, String> configuration();
}
