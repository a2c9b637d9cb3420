package dev.tare.jobs.lineage;

import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The run that started this one, such as a task of Airflow, whose plugin writes it as {@code
 * NAMESPACE/JOB/RUN}.
 *
 * @param job its job
 * @param run id of its run
 */
record ParentRun(JobName job, UUID run) {

  private static final String VARIABLE = "OPENLINEAGE_PARENT_ID";

  private static final Pattern FORM =
      Pattern.compile(
          "(?<namespace>.+)/(?<name>[^/]+)/(?<run>[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})");

  /**
   * The parent that {@code OPENLINEAGE_PARENT_ID} names.
   *
   * @throws IllegalArgumentException if it is written otherwise
   */
  static Optional<ParentRun> of(Map<String, String> environment) {
    String id = environment.getOrDefault(VARIABLE, "");
    if (id.isBlank()) {
      return Optional.empty();
    }
    Matcher parts = FORM.matcher(id.strip());
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "%s is not NAMESPACE/JOB/UUID: '%s'".formatted(VARIABLE, id));
    }
    return Optional.of(
        new ParentRun(
            new JobName(parts.group("namespace"), parts.group("name")),
            UUID.fromString(parts.group("run"))));
  }
}
