package dev.tare.jobs.cli;

import picocli.CommandLine.Option;

/** What is tried on the quantized model before it is evaluated. */
final class CompensateFlags {

  @Option(
      names = "--compensate",
      description =
          "Compare what the products of the float and of the quantized model compute on calibration"
              + " samples, bring each channel nearer to the float model's by a factor in its scales"
              + " and a shift in its bias, and keep that if the model is better for it on other"
              + " samples. Runs both models once for each level of products.")
  private boolean compensate;

  boolean asked() {
    return compensate;
  }
}
