package dev.tare.jobs.lineage;

import java.net.URI;
import java.util.Map;
import java.util.Optional;

/**
 * What OpenLineage calls a job: something that recurs, of which each run is one execution.
 *
 * @param namespace where names are unique
 * @param name of the job in it
 */
record JobName(String namespace, String name) {

  private static final String NAMESPACE = "OPENLINEAGE_NAMESPACE";

  /**
   * The job of a run: the subcommand, and the folder that contains the run's folder, since runs of
   * one pipeline are in one folder.
   *
   * @param environment the namespace is {@code OPENLINEAGE_NAMESPACE}, or {@code default}
   */
  static JobName of(String command, URI folder, Map<String, String> environment) {
    String namespace =
        Optional.ofNullable(environment.get(NAMESPACE))
            .filter(given -> !given.isBlank())
            .orElse("default");
    String[] elements = folder.getPath().split("/+", -1);
    String around = elements.length > 2 ? "." + elements[elements.length - 2] : "";
    return new JobName(namespace, "tare." + command + around);
  }
}
