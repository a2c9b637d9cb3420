package dev.tare.jobs.cli;

import picocli.CommandLine.Option;

/** Option for the model. */
final class ModelFlags {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "M.onnx",
      description = "Float ONNX model, path or URI.")
  private String model;

  String model() {
    return model;
  }
}
