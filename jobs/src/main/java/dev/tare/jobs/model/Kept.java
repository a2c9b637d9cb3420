package dev.tare.jobs.model;

import java.lang.ref.SoftReference;
import java.util.function.Supplier;

/** A value that is made when it is first asked for, and kept while memory lasts. Thread-safe. */
final class Kept<T> {

  private SoftReference<T> value = new SoftReference<>(null);

  /** The value; who asks while another thread makes it waits for that one. */
  synchronized T get(Supplier<T> make) {
    T known = value.get();
    if (known == null) {
      known = make.get();
      value = new SoftReference<>(known);
    }
    return known;
  }
}
