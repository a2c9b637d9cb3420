package dev.tare.jobs.input;

import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Tensor;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All inputs of a model, in its own order.
 *
 * @param specs at least one, names unique
 */
public record ModelInputs(List<InputSpec> specs) implements Serializable {

  public ModelInputs {
    specs = Collections.unmodifiableList(new ArrayList<>(specs));
    if (specs.isEmpty()) {
      throw new IllegalArgumentException("Invalid model inputs: none");
    }
    Set<String> names = new HashSet<>();
    for (InputSpec spec : specs) {
      if (!names.add(spec.name())) {
        throw new IllegalArgumentException("Invalid model inputs: '" + spec.name() + "' twice");
      }
    }
  }

  public static ModelInputs of(InputSpec... specs) {
    return new ModelInputs(List.of(specs));
  }

  public List<String> names() {
    return specs.stream().map(InputSpec::name).toList();
  }

  public Optional<InputSpec> find(String name) {
    return specs.stream().filter(spec -> spec.name().equals(name)).findFirst();
  }

  /**
   * Why the model cannot run a sample: a missing or surplus input, another type or rank, a size
   * that differs from a fixed one or from the size of the same name elsewhere in the sample.
   *
   * @return the first disagreement in the model's order, or empty if the sample fits
   */
  public Optional<String> mismatch(Sample sample) {
    Map<String, Long> symbols = new HashMap<>();
    Map<String, String> owners = new HashMap<>();
    for (InputSpec spec : specs) {
      Tensor tensor = sample.inputs().get(spec.name());
      if (tensor == null) {
        return Optional.of("input '" + spec.name() + "' is missing");
      }
      if (tensor.dtype() != spec.dtype() || tensor.shape().rank() != spec.rank()) {
        return disagreement(spec, tensor);
      }
      for (int axis = 0; axis < spec.rank(); axis++) {
        long size = tensor.shape().dim(axis);
        Dim dim = spec.dims().get(axis);
        if (dim instanceof Dim.Fixed fixed && fixed.size() != size) {
          return disagreement(spec, tensor);
        }
        if (dim instanceof Dim.Symbol symbol) {
          Long known = symbols.putIfAbsent(symbol.name(), size);
          if (known != null && known != size) {
            return Optional.of(
                "'%s' is %d in input '%s' and %d in input '%s'"
                    .formatted(symbol.name(), known, owners.get(symbol.name()), size, spec.name()));
          }
          owners.putIfAbsent(symbol.name(), spec.name());
        }
      }
    }
    return sample.inputs().keySet().stream()
        .filter(name -> find(name).isEmpty())
        .findFirst()
        .map(name -> "the model has no input '" + name + "'");
  }

  private static Optional<String> disagreement(InputSpec spec, Tensor tensor) {
    if (tensor.dtype() == spec.dtype()
        && spec.rank() == 1
        && tensor.shape().rank() == 1
        && spec.dims().get(0) instanceof Dim.Fixed wanted) {
      return Optional.of(
          "input '%s' has %d values but the model wants %d"
              .formatted(spec.name(), tensor.shape().dim(0), wanted.size()));
    }
    return Optional.of(
        "input '%s' is %s %s but the model wants %s"
            .formatted(spec.name(), tensor.dtype(), tensor.shape(), spec.describe()));
  }
}
