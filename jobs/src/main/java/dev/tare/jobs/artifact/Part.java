package dev.tare.jobs.artifact;

import java.util.Arrays;
import java.util.Optional;

/** What a run folder may hold, each under a fixed name. */
public enum Part {
  /** Every file with bytes and sha256; its presence makes the run finished. */
  MANIFEST("manifest.json"),
  /** How the last attempt stands or ended; not publication. */
  STATUS("status.json"),
  /** The effective configuration. */
  CONFIGURATION("configuration.json"),
  /** Statistics table, Parquet. */
  STATISTICS("statistics"),
  /** Table of exact moments, Parquet. */
  MOMENTS("moments"),
  /** The plan for people and programs. */
  PLAN_JSON("plan.json"),
  /** The plan for SQL, Parquet. */
  PLAN("plan"),
  /** Table of quantized tensors, Parquet. */
  TENSORS("tensors"),
  /** Table of slices of quantized weights, Parquet. */
  WEIGHTS("weights"),
  /** The quantized model. */
  MODEL("model.onnx"),
  /** Data of a quantized model that one file of ONNX cannot hold, being over 2 GiB. */
  MODEL_DATA("model.onnx.data"),
  /** What evaluation measured. */
  QUALITY("quality.json");

  private final String fileName;

  Part(String fileName) {
    this.fileName = fileName;
  }

  /** Name inside the run folder. */
  public String fileName() {
    return fileName;
  }

  /** The part of a name; empty if it is that of none. */
  public static Optional<Part> named(String fileName) {
    return Arrays.stream(values()).filter(p -> p.fileName.equals(fileName)).findFirst();
  }
}
