package dev.tare.jobs.input;

import java.io.Serializable;

/** Size of one dimension of a model input: a number, a name shared by equal sizes, or open. */
public sealed interface Dim extends Serializable {

  static Dim fixed(long size) {
    return new Fixed(size);
  }

  static Dim symbol(String name) {
    return new Symbol(name);
  }

  static Dim unknown() {
    return new Unknown();
  }

  /**
   * A size that every sample has.
   *
   * @param size at least 0
   */
  record Fixed(long size) implements Dim {

    public Fixed {
      if (size < 0) {
        throw new IllegalArgumentException("Invalid dimension: size " + size);
      }
    }

    @Override
    public String toString() {
      return Long.toString(size);
    }
  }

  /**
   * A size that is free, but the same wherever the name stands within one sample.
   *
   * @param name not empty
   */
  record Symbol(String name) implements Dim {

    public Symbol {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("Invalid dimension: empty name");
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** A size that is free. */
  record Unknown() implements Dim {

    @Override
    public String toString() {
      return "?";
    }
  }
}
