package dev.tare.jobs.input;

import java.util.Locale;

/** Why a row is not a sample. */
public enum Reason {
  /** A line or cell without any text; skipped and counted, not an error. */
  BLANK,
  /** A record of CSV or JSON that cannot be parsed, or a value in it of another type. */
  MALFORMED,
  /** A cell, or a value inside an array, is null. */
  NULL,
  /** Arrays nested in one array differ in length. */
  RAGGED,
  /** A shape that the model does not take, or bytes that do not fill the shape. */
  SHAPE,
  /** A dimension of size 0. */
  EMPTY,
  /** A value that the model's element type cannot represent. */
  RANGE,
  NAN_IN_INPUT,
  INFINITY_IN_INPUT,
  /** An attention mask that is not ones followed by zeros. */
  ATTENTION_MASK,
  /** A token id that has no row in the model's embedding. */
  TOKEN_ID,
  /** A text that the tokenizer fails on. */
  TOKENIZER,
  /** A text that is longer than the limit for tokenization. */
  TEXT_TOO_LONG,
  /** Bytes that are not UTF-8. */
  INVALID_UTF8,
  /** A text with a character that is not allowed in texts. */
  NUL_IN_TEXT,
  /** An image file that is empty, cut off or damaged. */
  DAMAGED_IMAGE,
  /** A file that is neither PNG nor JPEG, or a kind of them that is not supported. */
  UNSUPPORTED_IMAGE,
  /** An image of more pixels or bytes than are allowed. */
  IMAGE_TOO_LARGE;

  /** Whether rows of this reason are left out without counting as bad. */
  public boolean skipped() {
    return this == BLANK;
  }

  /** The name in tables and messages: kebab-case. */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The reason with a name in tables.
   *
   * @throws IllegalArgumentException if there is no such reason
   */
  public static Reason parse(String id) {
    for (Reason reason : values()) {
      if (reason.id().equals(id)) {
        return reason;
      }
    }
    throw new IllegalArgumentException("Unknown reason: '" + id + "'");
  }
}
