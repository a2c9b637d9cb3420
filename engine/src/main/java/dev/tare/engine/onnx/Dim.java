package dev.tare.engine.onnx;

/** One dimension of a model's input or output, as far as the model states it. */
public sealed interface Dim {

  Dim UNKNOWN = new Unknown();

  static Dim of(long size) {
    return new Fixed(size);
  }

  static Dim of(String symbol) {
    return new Symbolic(symbol);
  }

  /**
   * A size that never changes.
   *
   * @param size at least 0
   */
  record Fixed(long size) implements Dim {
    public Fixed {
      if (size < 0) {
        throw new IllegalArgumentException("Invalid dimension: " + size);
      }
    }

    @Override
    public String toString() {
      return Long.toString(size);
    }
  }

  /**
   * A size chosen at run time; equal names are equal sizes.
   *
   * @param symbol name in the model, such as {@code batch}
   */
  record Symbolic(String symbol) implements Dim {
    @Override
    public String toString() {
      return symbol;
    }
  }

  /** A size of which the model says nothing. */
  record Unknown() implements Dim {
    @Override
    public String toString() {
      return "?";
    }
  }
}
