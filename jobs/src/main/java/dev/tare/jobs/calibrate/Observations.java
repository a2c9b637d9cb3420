package dev.tare.jobs.calibrate;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.ObservableTensor;
import dev.tare.engine.model.Observation;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.Sessions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Resolves what to observe to tensors that can be observed. */
final class Observations {

  private Observations() {}

  /**
   * Returns the tensors to observe: those in the graph that match, and are float32 for the runtime.
   *
   * @throws TareException (bad input) if none is left, or the runtime lacks one
   */
  static List<ObservedTensor> resolve(ModelHandle handle, ObserveOptions options) {
    FloatModel model = handle.prepared();
    List<ObservableTensor> chosen;
    try {
      chosen = Observation.resolve(options.observe(), model);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
    TreeSet<String> names = new TreeSet<>();
    chosen.forEach(tensor -> names.add(tensor.name()));
    Set<String> floats = floatOutputs(handle, names);
    List<ObservedTensor> observed = new ArrayList<>();
    for (ObservableTensor tensor : chosen) {
      if (floats.contains(tensor.name())) {
        ChannelMode mode = options.channels().mode().orElse(ChannelMode.HISTOGRAM);
        boolean channels = mode != ChannelMode.NONE && tensor.channelAxis().isPresent();
        observed.add(
            new ObservedTensor(
                tensor.name(),
                mode,
                options.channelBits(),
                channels ? tensor.channelAxis().getAsInt() : null));
      }
    }
    if (observed.isEmpty()) {
      throw TareException.badInput(
          "Model '%s' has no float32 tensor among the %d that '--observe %s' chooses"
              .formatted(model.name(), chosen.size(), options.observe()));
    }
    return observed;
  }

  private static Set<String> floatOutputs(ModelHandle handle, SortedSet<String> names) {
    try (SharedInference.Lease lease =
        Sessions.lease(handle.exposing(names), InferenceOptions.of(1))) {
      SortedSet<String> unknown = new TreeSet<>(names);
      unknown.removeAll(lease.session().floatOutputs());
      unknown.removeAll(lease.session().otherOutputs());
      if (!unknown.isEmpty()) {
        // Leaving them out would silently drop them from the statistics.
        throw TareException.badInput(
            "%s gives no output '%s' of model '%s' that was asked for%s"
                .formatted(
                    lease.runtime().name(),
                    unknown.first(),
                    handle.ref().uri(),
                    unknown.size() == 1 ? "" : ", nor %d others".formatted(unknown.size() - 1)));
      }
      return lease.session().floatOutputs();
    }
  }
}
