package dev.tare.jobs.artifact;

import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parts of a run folder. Each has a fixed name, except the model, which is named by its format.
 */
public enum Part {
  /** Every file with bytes and sha256; its presence makes the run finished. */
  MANIFEST("manifest.json"),
  /** State of the last attempt; not a sign of publication. */
  STATUS("status.json"),
  /** The effective configuration. */
  CONFIGURATION("configuration.json"),
  /** Statistics table, Parquet. */
  STATISTICS("statistics"),
  /** Table of exact moments, Parquet. */
  MOMENTS("moments"),
  /** Table of Gram matrices, Parquet. */
  GRAM("gram"),
  /** Table of the statistics of parts of the samples, Parquet. */
  FOLDS("folds"),
  /** Ranges of the model's weights, beside statistics, which do not depend on them. */
  WEIGHT_RANGES("weight-ranges.json"),
  /** Table of what it costs to quantize each group alone, Parquet. */
  SENSITIVITY("sensitivity"),
  /** What was measured of the target's placements, if the fastest was asked for. */
  PLACEMENTS("placements.json"),
  /** What was measured of the recipe's passes, if it wants them measured. */
  PASSES("passes.json"),
  /** What a compensation found of the products, if it was asked for. */
  COMPENSATION("compensation.json"),
  /** What a budget chose, and what is predicted of it. */
  BUDGET("budget.json"),
  /** How much scales depend on which samples were seen. */
  STABILITY("stability.json"),
  /** The plan as JSON. */
  PLAN_JSON("plan.json"),
  /** The plan as a Parquet table for SQL. */
  PLAN("plan"),
  /** Table of quantized tensors, Parquet. */
  TENSORS("tensors"),
  /** Table of slices of quantized weights, Parquet. */
  WEIGHTS("weights"),
  /**
   * The quantized model: {@code model.EXT} in its format, such as ONNX, and further files {@code
   * model.EXT.NAME} if it does not fit into one, as with ONNX above 2 GiB; or the folder {@code
   * model} of a format whose files have fixed names.
   */
  MODEL("model.onnx"),
  /** Scales of activations for TensorRT's implicit quantization, as text. */
  CALIBRATION_CACHE("calibration.cache"),
  /** What evaluation measured. */
  QUALITY("quality.json");

  /** What the files of a model are called before the first dot, and the folder of its files. */
  public static final String MODEL_STEM = "model";

  private static final String MODEL_FOLDER = MODEL_STEM + "/";

  private static final Pattern MODEL_FILE =
      Pattern.compile(
          MODEL_STEM + "\\.[a-z0-9]{1,16}(?<more>\\.[A-Za-z0-9_-][A-Za-z0-9._-]{0,99})?");

  private static final Pattern FILE_IN_FOLDER =
      Pattern.compile(MODEL_FOLDER + "(?<name>[A-Za-z0-9][A-Za-z0-9._-]{0,99})");

  private final String fileName;

  Part(String fileName) {
    this.fileName = fileName;
  }

  /** Name inside the run folder; of the model, that of one in ONNX. */
  public String fileName() {
    return fileName;
  }

  /** Returns the part of a file name; empty if there is none. */
  public static Optional<Part> named(String fileName) {
    return Arrays.stream(values()).filter(p -> p.isNamed(fileName)).findFirst();
  }

  private boolean isNamed(String name) {
    return name.equals(fileName)
        || (this == MODEL && (name.equals(MODEL_STEM) || MODEL_FILE.matcher(name).matches()));
  }

  /** Whether a file is this part or is in its folder. */
  boolean holds(String path) {
    return this == MODEL
        ? isModelFile(path) || path.startsWith(MODEL_FOLDER)
        : path.equals(fileName) || path.startsWith(fileName + "/");
  }

  /** Whether a path relative to the run's folder may be that of a file of the model. */
  public static boolean isModelFile(String path) {
    return MODEL_FILE.matcher(path).matches() || FILE_IN_FOLDER.matcher(path).matches();
  }

  /**
   * Whether a path relative to the run's folder is that of a model's main file, not of one of its
   * data files.
   *
   * @param inFolder names of models' main files in formats that write a folder
   */
  public static boolean isModelItself(String path, Set<String> inFolder) {
    Matcher file = MODEL_FILE.matcher(path);
    Matcher member = FILE_IN_FOLDER.matcher(path);
    return file.matches()
        ? file.group("more") == null
        : member.matches() && inFolder.contains(member.group("name"));
  }
}
