package dev.tare.jobs.console;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Progress for a pipe or a file: whole lines, first after ten seconds of the same work, then after
 * another tenth of the time that it took so far, so that a night's log stays short.
 */
public final class JobLines implements JobDisplay {

  private static final double FIRST_SECONDS = 10;
  private static final double SHARE = 0.1;

  private final PrintStream out;
  private final LongSupplier nanos;
  private String work = "";
  private long total;
  private long start;
  private double next;

  public JobLines(PrintStream out, LongSupplier nanos) {
    this.out = out;
    this.nanos = nanos;
  }

  @Override
  public synchronized void show(String now, long done, long of) {
    if (!now.equals(work) || of != total) {
      work = now;
      total = of;
      start = nanos.getAsLong();
      next = FIRST_SECONDS;
    }
    double seconds = (nanos.getAsLong() - start) / 1e9;
    if (seconds < next || done == 0) {
      return;
    }
    next = seconds + Math.max(FIRST_SECONDS, SHARE * seconds);
    out.printf(
        Locale.ROOT,
        "      %s: %d %% (%d of %d), %s%s%n",
        work,
        100 * done / total,
        done,
        total,
        time(seconds),
        left(seconds * (total - done) / done));
  }

  /** Nothing where tasks still end what they have read, for nobody knows how long. */
  private static String left(double seconds) {
    return seconds < 1 ? "" : ", about " + time(seconds) + " left";
  }

  private static String time(double seconds) {
    Duration time = Duration.ofSeconds(Math.round(seconds));
    return time.toHours() > 0
        ? String.format(Locale.ROOT, "%d h %d min", time.toHours(), time.toMinutesPart())
        : time.toMinutes() > 0
            ? String.format(Locale.ROOT, "%d min %d s", time.toMinutes(), time.toSecondsPart())
            : time.toSeconds() + " s";
  }

  @Override
  public void close() {}
}
