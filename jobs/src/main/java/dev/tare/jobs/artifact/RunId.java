package dev.tare.jobs.artifact;

import java.util.regex.Pattern;

/** The rule for the name of a run, which becomes a path element and a table cell. */
public final class RunId {
  private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  private RunId() {}

  /** Whether a text is 1 to 128 of the characters A-Z a-z 0-9 . _ - and neither . nor .. */
  public static boolean valid(String text) {
    return ALLOWED.matcher(text).matches() && !text.equals(".") && !text.equals("..");
  }

  /**
   * Returns a run id after checking it.
   *
   * @throws IllegalArgumentException if the text is not a run id
   */
  public static String check(String text) {
    if (!valid(text)) {
      throw new IllegalArgumentException(
          "Not a run id: '%s' (1 to 128 of A-Z a-z 0-9 . _ -, and neither . nor ..)"
              .formatted(text));
    }
    return text;
  }
}
