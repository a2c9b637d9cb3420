package dev.tare.jobs.cli;

import java.util.OptionalInt;
import picocli.CommandLine.Option;

/** Whether to measure what each operator costs. */
final class SensitivityFlags {
  @Option(
      names = "--sensitivity",
      paramLabel = "N",
      converter = Converters.Million.class,
      description =
          "Also leave each quantized operator in float, one at a time, and run the model on N of"
              + " the held-out samples: what that gains goes into the report (default: not"
              + " measured).")
  private Integer sensitivity;

  OptionalInt samples() {
    return sensitivity == null ? OptionalInt.empty() : OptionalInt.of(sensitivity);
  }
}
