package dev.tare.jobs.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.platform.Faults;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Failures of what Tare runs on, as Spark and Java word them. */
class FaultsTest {

  private static final String ABORTED =
      "Job aborted due to stage failure: Task 0 in stage 3.0 failed 4 times, most recent failure: "
          + "Lost task 0.3 in stage 3.0 (TID 9) (10.0.0.7 executor 4): ";

  @AfterEach
  void embedded() {
    System.clearProperty("spark.master");
  }

  private static Exception aborted(String reason) {
    return new RuntimeException(ABORTED + reason);
  }

  private static void explains(Throwable failure, ExitCode code, String... words) {
    Optional<TareException> known = Faults.explain(new RuntimeException("outside", failure));
    assertThat(known).isPresent();
    assertThat(known.get().exitCode()).as(known.get().getMessage()).isEqualTo(code);
    assertThat(known.get().getMessage()).contains(words).doesNotContain("\n");
    assertThat(known.get().getMessage().length()).isLessThan(900);
  }

  @Test
  void aDriversHeapThatIsTooSmallNamesTheVariableAndTheOption() {
    explains(
        new OutOfMemoryError("Java heap space"),
        ExitCode.USAGE,
        "heap",
        "too small",
        "TARE_DRIVER_MEMORY",
        "--driver-memory");
    explains(new OutOfMemoryError("GC overhead limit exceeded"), ExitCode.USAGE, "--driver-memory");
    explains(
        new IllegalArgumentException(
            "System memory 83886080 must be at least 471859200. Please increase heap size using"
                + " the --driver-memory option or spark.driver.memory in Spark configuration."),
        ExitCode.USAGE,
        "80 MiB",
        "450 MiB",
        "TARE_DRIVER_MEMORY");
  }

  @Test
  void anEmbeddedTaskThatIsOutOfMemoryIsTheDriversHeap() {
    explains(
        aborted("java.lang.OutOfMemoryError: Java heap space"), ExitCode.USAGE, "--driver-memory");
  }

  @Test
  void anExecutorsHeapThatIsTooSmallNamesTheSetting() {
    System.setProperty("spark.master", "spark://host:7077");
    explains(
        aborted("java.lang.OutOfMemoryError: Java heap space\n\tat dev.tare.X"),
        ExitCode.USAGE,
        "executor",
        "spark.executor.memory");
    explains(
        aborted(
            "ExecutorLostFailure (executor 4 exited caused by one of the running tasks) Reason:"
                + " Command exited with code 52"),
        ExitCode.USAGE,
        "spark.executor.memory");
    explains(
        aborted("org.apache.spark.memory.SparkOutOfMemoryError: Unable to acquire 65536 bytes"),
        ExitCode.USAGE,
        "spark.executor.memory");
    explains(
        new IllegalArgumentException(
            "Executor memory 104857600 must be at least 471859200. Please increase executor memory"
                + " using the --executor-memory option"),
        ExitCode.USAGE,
        "100 MiB",
        "450 MiB",
        "spark.executor.memory");
  }

  @Test
  void threadsAndBuffersAreNoHeap() {
    explains(
        new OutOfMemoryError("unable to create native thread: possibly out of memory"),
        ExitCode.USAGE,
        "ulimit -u");
    explains(
        new OutOfMemoryError("Cannot reserve 8388608 bytes of direct buffer memory"),
        ExitCode.USAGE,
        "outside of the heap");
  }

  @Test
  void aFullDiskNamesTheTemporaryFolder() {
    explains(
        new IOException("/data/x: No space left on device"),
        ExitCode.USAGE,
        "/data/x",
        "full",
        "TMPDIR",
        "SPARK_LOCAL_DIRS");
    explains(aborted("java.io.IOException: No space left on device"), ExitCode.USAGE, "TMPDIR");
    explains(new IOException("Disk quota exceeded"), ExitCode.USAGE, "full");
    explains(
        new IOException("Failed to create local dir in /x/blockmgr-1"), ExitCode.USAGE, "TMPDIR");
  }

  @Test
  void nativeCodeThatCannotBeLoadedNamesTheTemporaryFolder() {
    explains(
        new UnsatisfiedLinkError(
            "/t/libonnxruntime.so: failed to map segment from shared object: Operation not"
                + " permitted"),
        ExitCode.USAGE,
        "TMPDIR",
        "noexec");
    explains(
        aborted(
            "java.lang.NoClassDefFoundError: Could not initialize class org.xerial.snappy.Snappy"),
        ExitCode.USAGE,
        "TMPDIR");
    explains(
        new IllegalStateException(
            "scala.MatchError: java.lang.UnsatisfiedLinkError: /t/snappy.so (of class X)"),
        ExitCode.USAGE,
        "TMPDIR");
  }

  @Test
  void lostExecutorsMayComeBack() {
    explains(
        aborted(
            "ExecutorLostFailure (executor 4 exited caused by one of the running tasks) Reason:"
                + " Command exited with code 137"),
        ExitCode.PLATFORM,
        "lost again and again",
        "spark.executor.memoryOverhead");
    explains(
        aborted("ExecutorLostFailure (executor 4 exited unrelated to the running tasks)"),
        ExitCode.PLATFORM,
        "lost again and again");
    explains(
        aborted(
            "ExecutorLostFailure (executor 2 exited caused by one of the running tasks) Reason:"
                + " Command exited with code 134"),
        ExitCode.PLATFORM,
        "native code crashed");
  }

  @Test
  void aClusterThatIsNotThereMayComeBack() {
    System.setProperty("spark.master", "spark://host:7077");
    explains(
        new IllegalStateException("Cannot call methods on a stopped SparkContext.\nThis stopped"),
        ExitCode.PLATFORM,
        "spark://host:7077");
    explains(
        new RuntimeException("Job 3 cancelled because SparkContext was shut down"),
        ExitCode.PLATFORM,
        "ended before the work was done");
    explains(new ConnectException("Connection refused"), ExitCode.PLATFORM, "refused");
    explains(new UnknownHostException("name-node"), ExitCode.PLATFORM, "name-node");
  }

  @Test
  void aSettingThatSparkDoesNotTakeIsNamed() {
    explains(
        new IllegalArgumentException("spark.sql.shuffle.partitions should be int, but was abc"),
        ExitCode.USAGE,
        "spark.sql.shuffle.partitions should be int",
        "before the subcommand");
    TareException start = Faults.ofStart(new RuntimeException("Could not parse Master URL: 'x'"));
    assertThat(start.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(start).hasMessageContaining("Could not parse Master URL: 'x'");
  }

  @Test
  void whatIsOursStaysOurs() {
    assertThat(Faults.explain(new IllegalStateException("index 7 out of bounds"))).isEmpty();
    assertThat(Faults.explain(new StackOverflowError())).isEmpty();
    assertThat(Faults.explain(new NullPointerException())).isEmpty();
  }
}
