package dev.tare.jobs.cli;

import dev.tare.jobs.calibrate.ObserveOptions;
import dev.tare.jobs.input.DataOptions;
import dev.tare.jobs.run.RunOptions;

/** Default values of options, as written on the command line. */
public final class Defaults {
  public static final String RECIPE = RunOptions.DEFAULT_RECIPE;
  public static final String TARGET = "onnxruntime";
  public static final String FORMAT = "auto";
  public static final String MAX_LENGTH = "" + DataOptions.DEFAULT_MAX_LENGTH;
  public static final String BATCH_SIZE = "8";
  public static final String MAX_BAD_ROWS = "0";
  public static final String IMAGE_RESIZE = "stretch";
  public static final String IMAGE_PAD = "0.0";
  public static final String IMAGE_MEAN = "0";
  public static final String IMAGE_STD = "1";
  public static final String MAX_IMAGE_PIXELS = "89478485";
  public static final String OBSERVE = ObserveOptions.DEFAULT;
  public static final String CHANNELS = "auto";
  public static final String COLLECT = "histogram";
  public static final String CHANNEL_BITS = "" + ObserveOptions.DEFAULT_BITS;
  public static final String IF_FINISHED = "fail";
  public static final String EVAL_SAMPLES = "256";

  /** The gate of {@code tare run}; {@code tare evaluate} has none unless asked. */
  public static final String RUN_MIN_COSINE = "" + RunOptions.DEFAULT_MIN_COSINE;

  /** The page of {@code tare report}. */
  public static final String REPORT = "report.html";

  private Defaults() {}
}
