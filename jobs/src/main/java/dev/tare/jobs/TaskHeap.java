package dev.tare.jobs;

import java.io.Serializable;
import java.util.Locale;

/**
 * The heap of a JVM that runs tasks, known on the driver before the first of them.
 *
 * @param bytes its size
 * @param sparkShare share of it, in (0, 1), that Spark uses for cached and shuffled rows
 * @param setting the setting that changes its size, with %s for the size
 * @param tasks how many run in it at once; 0 if only the cluster knows
 */
public record TaskHeap(long bytes, double sparkShare, String setting, int tasks)
    implements Serializable {

  private static final long serialVersionUID = 1L;

  /** Memory of Spark and Tare besides rows and counts. */
  private static final long OWN = 100L << 20;

  /** Memory that Spark reserves before it computes its share. */
  private static final long RESERVED = 300L << 20;

  private static final long STEP = 256L << 20;

  /** Returns the bytes that Spark leaves to the objects of all tasks together. */
  public long room() {
    return Math.max(0, bytes - OWN - (long) (Math.max(0, bytes - RESERVED) * sparkShare));
  }

  /** Whether all tasks that run at once have this much memory each. */
  public boolean hasRoomForAll(long taskBytes) {
    int together = tasks > 0 ? tasks : Runtime.getRuntime().availableProcessors();
    return taskBytes <= room() / together;
  }

  /** Returns the same for the heap of the current JVM. */
  public TaskHeap ofThisJvm() {
    return new TaskHeap(Runtime.getRuntime().maxMemory(), sparkShare, setting, tasks);
  }

  /**
   * Returns what a task throws instead of an error that would end its JVM; its memory is released.
   * The error is not set as the cause, since Spark searches causes for it.
   */
  public TareException exhausted(String stage, OutOfMemoryError error) {
    return TareException.usage(
        "A task of %s ran out of memory (%s) in a JVM of %s: set %s, or fewer tasks at once, or a smaller --batch-size"
            .formatted(stage, error.getMessage(), text(bytes), settingOf(2 * bytes)));
  }

  /** Returns the setting that gives tasks this much memory, in steps of 256 MiB. */
  public String settingFor(long room) {
    double heap = (room + OWN - RESERVED * sparkShare) / (1 - sparkShare);
    return settingOf((long) heap);
  }

  /** Returns the setting for a heap of at least this size, in steps of 256 MiB. */
  public String settingOf(long heap) {
    long steps = Math.floorDiv(heap - 1, STEP) + 1;
    String size = steps % 4 == 0 ? steps / 4 + "g" : steps * 256 + "m";
    return setting.formatted(size);
  }

  /** Formats a size in megabytes of 2^20 bytes or gigabytes of 2^30, as Spark does. */
  public static String text(long bytes) {
    double megabytes = bytes / (double) (1 << 20);
    return megabytes < 1024
        ? String.format(Locale.ROOT, "%.0f MB", Math.ceil(megabytes))
        : String.format(Locale.ROOT, "%.1f GB", megabytes / 1024);
  }
}
