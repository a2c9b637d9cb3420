package dev.tare.jobs.cli;

/** The value of every option that has one, as it is written on the command line. */
public final class Defaults {
  public static final String RECIPE = "int8";
  public static final String FORMAT = "auto";
  public static final String MAX_LENGTH = "128";
  public static final String BATCH_SIZE = "8";
  public static final String MAX_BAD_ROWS = "0";
  public static final String IMAGE_RESIZE = "stretch";
  public static final String IMAGE_PAD = "0.0";
  public static final String IMAGE_MEAN = "0";
  public static final String IMAGE_STD = "1";
  public static final String MAX_IMAGE_PIXELS = "89478485";
  public static final String OBSERVE = "constant-weight-inputs";
  public static final String CHANNELS = "auto";
  public static final String CHANNEL_BITS = "5";
  public static final String IF_FINISHED = "fail";
  public static final String EVAL_SAMPLES = "256";

  /** The gate of {@code tare run}; {@code tare evaluate} has none unless asked. */
  public static final String RUN_MIN_COSINE = "0.95";

  /** The page of {@code tare report}. */
  public static final String REPORT = "report.html";

  private Defaults() {}
}
