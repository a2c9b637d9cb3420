package dev.tare.jobs.platform;

import dev.tare.jobs.TareException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Explains failures of memory, disk, native code, settings or cluster to the user. */
public final class Faults {

  // Memory first: a lost executor is a consequence of it. Clusters last, for the same reason.
  private static final List<Function<Causes, Optional<TareException>>> IN_WORK =
      List.of(MemoryFault::of, NativeFault::of, SettingFault::of, ClusterFault::of);

  private static final List<Function<Causes, Optional<TareException>>> ALL =
      List.of(MemoryFault::of, DiskFault::of, NativeFault::of, SettingFault::of, ClusterFault::of);

  private Faults() {}

  /**
   * Says what to set, or that another try may help.
   *
   * @param failure the exception; its causes are examined too
   * @return empty if the platform is not at fault, as far as one can see
   */
  public static Optional<TareException> explain(Throwable failure) {
    return explain(Causes.of(failure), ALL);
  }

  /**
   * The same without disks: the folder of a run explains those better, since it knows its paths.
   */
  public static Optional<TareException> explainWork(Throwable failure) {
    return explain(Causes.of(failure), IN_WORK);
  }

  private static Optional<TareException> explain(
      Causes causes, List<Function<Causes, Optional<TareException>>> kinds) {
    for (Function<Causes, Optional<TareException>> kind : kinds) {
      Optional<TareException> known = kind.apply(causes);
      if (known.isPresent()) {
        return known;
      }
    }
    return Optional.empty();
  }

  /**
   * The same for a session of Spark that did not start: a failure without other explanation is one
   * of settings.
   *
   * @param failure the exception of Spark
   */
  public static TareException ofStart(Throwable failure) {
    return explain(failure).orElseGet(() -> SettingFault.ofStart(Causes.of(failure)));
  }
}
