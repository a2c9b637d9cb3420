package dev.tare.jobs.formats;

import dev.tare.engine.infer.FormatProvider;
import dev.tare.engine.infer.ModelRuntime;
import dev.tare.engine.model.ModelFormat;

/** Linear layers as JSON, and what runs them. */
public final class LinearProvider implements FormatProvider {

  @Override
  public ModelFormat format() {
    return LinearFormat.INSTANCE;
  }

  @Override
  public ModelRuntime runtime() {
    return LinearRuntime.INSTANCE;
  }
}
