package dev.tare.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.console.JobBar;
import dev.tare.jobs.console.JobDisplay;
import dev.tare.jobs.console.JobLines;
import dev.tare.jobs.console.JobWatch;
import dev.tare.jobs.console.Terminal;
import dev.tare.testkit.SmallModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgressTest {

  @TempDir Path folder;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  private String shown() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void linesComeAfterTenSecondsAndThenEverMoreSeldom() {
    long[] now = new long[1];
    JobLines lines = new JobLines(out, () -> now[0]);
    lines.show("read: count", 0, 4);
    for (int second = 0; second <= 4000; second++) {
      now[0] = second * 1_000_000_000L;
      lines.show("calibrate: run 8000 samples", 2L * second, 8000);
    }
    List<String> all = shown().lines().toList();
    assertThat(all)
        .startsWith(
            "      calibrate: run 8000 samples: 0 % (20 of 8000), 10 s, about 1 h 6 min left",
            "      calibrate: run 8000 samples: 0 % (40 of 8000), 20 s, about 1 h 6 min left")
        .anyMatch(line -> line.endsWith("88 % (7048 of 8000), 58 min 44 s, about 7 min 56 s left"))
        .hasSizeBetween(30, 70);
    assertThat(shown()).doesNotContain("\r");
  }

  @Test
  void otherWorkStartsItsOwnTime() {
    long[] now = new long[1];
    JobLines lines = new JobLines(out, () -> now[0]);
    lines.show("first", 1, 2);
    now[0] = 9_000_000_000L;
    lines.show("second", 1, 3);
    now[0] = 18_000_000_000L;
    lines.show("second", 2, 3);
    assertThat(shown()).isEmpty();
    now[0] = 19_000_000_000L;
    lines.show("second", 2, 3);
    assertThat(shown()).isEqualTo("      second: 66 % (2 of 3), 10 s, about 5 s left\n");
  }

  @Test
  void aBarIsDrawnOnOneLineAndGoes() {
    JobBar bar = new JobBar(out, 60);
    bar.show("read: count and check rows", 1, 2);
    bar.show("calibrate: run 16 samples, observe 24 tensors of a long name", 8, 16);
    bar.close();
    bar.show("late", 1, 1);
    assertThat(shown())
        .contains("read: count", "calibrate: run 16")
        .doesNotContain("\n", "late")
        .endsWith("\r\u001b[K");
    for (String drawn : shown().split("\r", -1)) {
      assertThat(drawn.length()).isLessThan(60);
    }
  }

  @Test
  void theEnvironmentDecidesBetweenBarAndLines() {
    assertThat(Terminal.redraws(Map.of("TARE_PROGRESS", "bar"))).isTrue();
    assertThat(Terminal.redraws(Map.of("TARE_PROGRESS", "lines", "TERM", "xterm"))).isFalse();
    assertThat(Terminal.redraws(Map.of("TERM", "dumb"))).isFalse();
    assertThat(Terminal.columns(Map.of("COLUMNS", "132"))).isEqualTo(132);
    assertThat(Terminal.columns(Map.of("COLUMNS", "1"))).isEqualTo(20);
    assertThat(Terminal.columns(Map.of("COLUMNS", "wide"))).isEqualTo(80);
    assertThat(Terminal.columns(Map.of())).isEqualTo(80);
  }

  /** What was shown of one work. */
  private record Shown(String work, long done, long total) {}

  @Test
  void jobsThatReadAShuffleCountItsRows() throws InterruptedException {
    SparkSession spark = CommandLine.spark();
    List<Shown> all = Collections.synchronizedList(new ArrayList<>());
    JobDisplay display =
        new JobDisplay() {
          @Override
          public void show(String work, long done, long total) {
            all.add(new Shown(work, done, total));
          }

          @Override
          public void close() {}
        };
    JobWatch watch = new JobWatch(display);
    SparkJobs.listen(spark, watch);
    try {
      SparkJobs.describe(spark, "square 100 numbers");
      spark
          .range(0, 100, 1, 2)
          .repartition(3, functions.col("id"))
          .map((MapFunction<Long, Long>) n -> n * n, Encoders.LONG())
          .collectAsList();
      SparkJobs.describe(spark, null);
      await(all, new Shown("square 100 numbers, step 2", 100, 100));
    } finally {
      SparkJobs.unlisten(spark, watch);
    }
    assertThat(all).contains(new Shown("square 100 numbers", 2, 2));
    assertThat(all).allMatch(shown -> shown.done() <= shown.total());
    Map<String, Set<Long>> totals = new TreeMap<>();
    all.forEach(one -> totals.computeIfAbsent(one.work(), w -> new TreeSet<>()).add(one.total()));
    assertThat(totals.values()).as("one total for each text").allMatch(own -> own.size() == 1);
  }

  /** Listeners hear of a task a little after its result is there. */
  private static void await(List<Shown> all, Shown last) throws InterruptedException {
    long deadline = System.nanoTime() + 1_800_000_000_000L;
    while (!all.contains(last) && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
    assertThat(all).contains(last);
  }

  @Tag("slow")
  @Test
  void everyJobOfARunSaysWhatItDoes() throws IOException, InterruptedException {
    String model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
    String data =
        CommandLine.write(folder.resolve("data"), "x array<float>", CommandLine.gaussian(60, 6, 1));
    List<String> works = Collections.synchronizedList(new ArrayList<>());
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onJobStart(SparkListenerJobStart job) {
            works.add(String.valueOf(job.properties().getProperty("spark.job.description")));
          }
        };
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    CommandLine.Result result;
    SparkJobs.listen(CommandLine.spark(), listener);
    try {
      result =
          CommandLine.tare(
                  "run",
                  "--model",
                  model,
                  "--data",
                  data,
                  "--samples",
                  "40",
                  "--output",
                  first.toString())
              .ends(0);
      CommandLine.tare("calibrate", "--model", model, "--data", data, "--output", second.toString())
          .ends(0);
      CommandLine.tare(
              "merge",
              "--output",
              folder.resolve("sum").toString(),
              first.toString(),
              second.toString())
          .ends(0);
      SparkJobs.describe(CommandLine.spark(), "the last");
      CommandLine.spark().range(3).collectAsList();
      SparkJobs.describe(CommandLine.spark(), null);
      long deadline = System.nanoTime() + 1_800_000_000_000L;
      while (!works.contains("the last") && System.nanoTime() < deadline) {
        Thread.sleep(20);
      }
    } finally {
      SparkJobs.unlisten(CommandLine.spark(), listener);
    }
    assertThat(works)
        .allMatch(
            work -> work.matches("(read|calibrate|select|quantize|evaluate|merge): .*|the last"));
    assertThat(works)
        .contains(
            "read: count and check rows",
            "read: choose samples",
            "calibrate: write statistics",
            "select: ranges of activations",
            "select: write plan",
            "evaluate: float and quantized model side by side",
            "merge: add up 2 runs");
    assertThat(result.err()).contains("[1/4] calibrate").doesNotContain("\r");
  }
}
