package dev.tare.jobs.evaluate;

import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.model.ModelHandle;
import java.util.List;
import java.util.Optional;

/** A target whose models nothing here can run. */
record NoRuntime(String target) implements TargetRuntime {

  @Override
  public Optional<String> missing() {
    return Optional.of(
        "Models for target %s cannot be run here: evaluate without --target, and measure them where it is"
            .formatted(target));
  }

  @Override
  public Outcome run(ModelHandle model, List<Sample> samples, List<String> tensors) {
    throw new IllegalStateException(missing().orElseThrow());
  }
}
