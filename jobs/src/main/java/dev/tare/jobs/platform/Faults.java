package dev.tare.jobs.platform;

import dev.tare.jobs.TareException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** What a failure of memory, disk, native code, settings or cluster means to the user. */
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
   * @param failure what was thrown; its causes are asked too
   * @return empty if the platform is not at fault, as far as one can see
   */
  public static Optional<TareException> explain(Throwable failure) {
    return explain(Causes.of(failure), ALL);
  }

  /** The same without disks, of which the folder of a run tells more: it knows where it writes. */
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
   * The same for a session of Spark that did not start: what nothing else explains is a setting.
   *
   * @param failure what Spark threw
   */
  public static TareException ofStart(Throwable failure) {
    return explain(failure).orElseGet(() -> SettingFault.ofStart(Causes.of(failure)));
  }
}
