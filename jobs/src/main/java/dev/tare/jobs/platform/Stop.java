package dev.tare.jobs.platform;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import java.io.PrintStream;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.service.launcher.IrqHandler;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * The end of a process before its work is done: by Ctrl-C, by SIGTERM, or by a fault after which no
 * thread can continue.
 *
 * <p>The first reason decides the exit code. Running work is notified, so that it records its
 * outcome and removes its files. Then the JVM ends, in at most ten seconds, even if Spark is still
 * waiting. Later failures are consequences and are not reported.
 */
public final class Stop {

  private static final long MOST_SECONDS = 8;
  // Spark's hook runs at 50 and stops the session, Hadoop's at 10 and closes the file systems.
  private static final int BEFORE_SPARK = 100;
  private static final int AFTER_SPARK = 20;
  private static final int LAST = 1;

  private static final AtomicReference<Reason> REASON = new AtomicReference<>();
  private static final Deque<Work> UNDER_WAY = new ConcurrentLinkedDeque<>();
  private static volatile boolean done;
  private static volatile boolean exits;

  private Stop() {}

  /**
   * Why the process ends.
   *
   * @param exitCode exit code of the process
   * @param message one line
   */
  public record Reason(ExitCode exitCode, String message) {}

  /** Work that is notified of the end. */
  @FunctionalInterface
  public interface Work {
    /**
     * Records the end and removes the files written so far; called twice, before and after Spark
     * stops.
     */
    void end(Reason reason);
  }

  /**
   * From here on signals end this process in an orderly way. If the launcher started it, the
   * launcher reports signals, because it is there earlier.
   *
   * @param err stream for the line to the user
   */
  public static void listen(PrintStream err) {
    boolean launcher = System.getenv("TARE_LAUNCHER") != null;
    PrintStream said = launcher ? new PrintStream(PrintStream.nullOutputStream()) : err;
    handle("INT", new Reason(ExitCode.INTERRUPTED, ExitCode.INTERRUPTED.meaning()), said);
    handle("TERM", new Reason(ExitCode.TERMINATED, ExitCode.TERMINATED.meaning()), said);
    handle("HUP", new Reason(ExitCode.TERMINATED, "stopped by SIGHUP"), said);
    ShutdownHookManager hooks = ShutdownHookManager.get();
    hooks.addShutdownHook(() -> unexpected(err), BEFORE_SPARK);
    hooks.addShutdownHook(Stop::tidy, AFTER_SPARK);
    hooks.addShutdownHook(Stop::halt, LAST);
    Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> uncaught(thread, failure, err));
  }

  /** Why the process is ending; empty if it is not. */
  public static Optional<Reason> reason() {
    return Optional.ofNullable(REASON.get());
  }

  /**
   * Throws if the process is ending.
   *
   * @throws TareException if it is ending
   */
  public static void check() {
    reason()
        .ifPresent(
            reason -> {
              throw new TareException(reason.exitCode(), reason.message());
            });
  }

  /** Registers work to be notified of an end, until {@link #over}. */
  public static void tell(Work work) {
    UNDER_WAY.push(work);
    reason().ifPresent(work::end);
  }

  /** Undoes {@link #tell}. */
  public static void over(Work work) {
    UNDER_WAY.remove(work);
  }

  /** All work is done; an end from here on is a normal one. */
  public static void done() {
    done = true;
  }

  private static void handle(String signal, Reason reason, PrintStream said) {
    try {
      new IrqHandler(signal, interrupt -> end(reason, said)).bind();
    } catch (IllegalArgumentException e) {
      // Something else handles it: the JVM was started this way, or the system has no such
      // signal.
      return;
    }
  }

  private static void end(Reason reason, PrintStream said) {
    if (done || !REASON.compareAndSet(null, reason)) {
      return;
    }
    begin(reason, said, reason.message());
    exit(reason);
  }

  private static void begin(Reason reason, PrintStream said, String line) {
    Thread limit = new Thread(() -> haltLater(reason), "stop-limit");
    limit.setDaemon(true);
    limit.start();
    SparkJobs.silence();
    said.println("tare: " + line);
    said.flush();
    // Threads of Spark print stacks of interrupted work without its logging.
    System.setErr(new PrintStream(PrintStream.nullOutputStream()));
    tidy();
  }

  private static void haltLater(Reason reason) {
    try {
      TimeUnit.SECONDS.sleep(MOST_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(reason.exitCode().code());
  }

  private static void tidy() {
    Reason reason = REASON.get();
    if (reason == null) {
      return;
    }
    for (Work work : UNDER_WAY) {
      try {
        work.end(reason);
      } catch (RuntimeException | Error e) {
        // Continue: the others must be notified too.
      }
    }
  }

  /** Spark itself ends the JVM when an executor in it cannot continue. */
  private static void unexpected(PrintStream err) {
    Reason reason =
        new Reason(
            ExitCode.PLATFORM,
            "Spark ended the process before the work was done; its log says why");
    if (!done && REASON.compareAndSet(null, reason)) {
      begin(reason, err, "error: " + reason.message());
    }
  }

  private static void exit(Reason reason) {
    exits = true;
    System.exit(reason.exitCode().code());
  }

  /** The only way to set another exit code than the caller of System.exit did. */
  private static void halt() {
    if (exits) {
      return;
    }
    reason().ifPresent(reason -> Runtime.getRuntime().halt(reason.exitCode().code()));
  }

  /** If a thread of Spark dies for lack of memory, its job never ends. */
  private static void uncaught(Thread thread, Throwable failure, PrintStream err) {
    if (done || REASON.get() != null) {
      return;
    }
    Optional<TareException> fault = Faults.explain(failure);
    if (failure instanceof VirtualMachineError && fault.isPresent()) {
      TareException known = fault.get();
      Reason reason = new Reason(known.exitCode(), known.getMessage());
      if (REASON.compareAndSet(null, reason)) {
        begin(reason, err, "error: " + reason.message());
        exit(reason);
      }
      return;
    }
    err.print("Exception in thread \"" + thread.getName() + "\" ");
    failure.printStackTrace(err);
  }
}
