package dev.tare.engine.plan;

/** Where the scale of a tensor comes from. */
public sealed interface ScaleOrigin {

  /**
   * A range of the tensor's own values.
   *
   * @param method how the range was selected, as named in the recipe
   */
  record Selected(String method) implements ScaleOrigin {
    @Override
    public String text() {
      return method;
    }
  }

  /**
   * The scale that was selected for another tensor, since an operator needs both to be equal.
   *
   * @param tensor the other tensor
   */
  record SharedWith(String tensor) implements ScaleOrigin {
    private static final String PREFIX = "shared:";

    @Override
    public String text() {
      return PREFIX + tensor;
    }
  }

  /** Returns the text that a plan stores: the method, or {@code shared:} and the other tensor. */
  String text();

  /** Reads what {@link #text} returns. */
  static ScaleOrigin parse(String text) {
    return text.startsWith(SharedWith.PREFIX)
        ? new SharedWith(text.substring(SharedWith.PREFIX.length()))
        : new Selected(text);
  }
}
