package dev.tare.engine.tensor;

import java.io.Serializable;

/** One dimension of a model's input or output, as far as the model states it. */
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
   * A size that never changes.
   *
   * @param size at least 0
   */
  record Fixed(long size) implements Dim {

    /**
     * @throws IllegalArgumentException if the size is negative
     */
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
   * A size chosen at run time; equal names are equal sizes.
   *
   * @param name in the model, such as {@code batch}; not empty
   */
  record Symbol(String name) implements Dim {

    /**
     * @throws IllegalArgumentException if the name is empty
     */
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

  /** A size that the model does not state. */
  record Unknown() implements Dim {

    @Override
    public String toString() {
      return "?";
    }
  }
}
