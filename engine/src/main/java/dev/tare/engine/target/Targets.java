package dev.tare.engine.target;

import dev.tare.engine.recipe.Nearest;
import dev.tare.engine.recipe.Placement;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The targets that Tare supports. */
public final class Targets {

  private static final List<TargetProfile> ALL =
      List.of(
          OnnxRuntimeTarget.INSTANCE, new OpenVinoTarget(), new TensorRtTarget(), new LiteTarget());

  /** The name of {@link #DEFAULT}, a constant for annotations. */
  public static final String DEFAULT_NAME = OnnxRuntimeTarget.NAME;

  /** The default target of a run. */
  public static final TargetProfile DEFAULT = ALL.get(0);

  private Targets() {}

  /**
   * A target by its name.
   *
   * @throws IllegalArgumentException naming all and the nearest, if there is none of that name
   */
  public static TargetProfile of(String name) {
    return ALL.stream()
        .filter(target -> target.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "there is no target '%s'; nearest is '%s' of %s"
                        .formatted(name, Nearest.to(name, names(), 1).get(0), names())));
  }

  /** The target that reads models of a format alone; empty if there is none. */
  public static Optional<TargetProfile> ofFormat(String modelFormat) {
    return ALL.stream()
        .filter(target -> target.data().modelFormat().filter(modelFormat::equals).isPresent())
        .findFirst();
  }

  /** Names of all targets, the default first. */
  public static List<String> names() {
    return ALL.stream().map(TargetProfile::name).toList();
  }

  /**
   * Returns the operator types that a placement may quantize for any target: calibration observes
   * their tensors once, and all targets select from the same statistics.
   */
  public static Set<String> operators(Placement placement) {
    Set<String> all = new TreeSet<>();
    ALL.forEach(target -> all.addAll(target.operators(placement)));
    return all;
  }

  /** Returns the newest version of ONNX's standard operators that any target loads. */
  public static int maxOpset() {
    return ALL.stream().mapToInt(TargetProfile::maxOpset).max().orElseThrow();
  }
}
