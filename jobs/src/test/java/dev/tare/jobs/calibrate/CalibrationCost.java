package dev.tare.jobs.calibrate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.Tare;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.StageInfo;
import org.apache.spark.sql.SparkSession;

/**
 * One measurement of what calibration of MiniLM costs in time and memory; {@code
 * jobs/src/test/python/calibration_cost.py} starts it in a fresh process for each figure and
 * measures the peers on the same tokens.
 *
 * <p>Arguments: a folder, what to do, how many samples of 128 tokens, on how many threads.
 *
 * <ul>
 *   <li>{@code tokens} writes {@code tokens.bin}, 128 little-endian int64 a sample, and for each
 *       number of samples the same ids as Parquet; the number of threads does not matter.
 *   <li>{@code plain} runs the model, nothing observed: one runner of one thread for each thread,
 *       as tasks of one executor do.
 *   <li>{@code tare} is {@code tare calibrate} with its defaults on {@code local[threads]}.
 * </ul>
 *
 * <p>The last two print one line of JSON. {@code seconds} is wall time of running and counting:
 * with Spark that of the stage that runs the model. {@code whole} is that of the command in a
 * session that is open: reading and checking the data, probing batches, running, merging, writing
 * the statistics. Neither has the start of JVM and Spark, nor what the first batch of each thread
 * costs, which runs before. {@code peak-mb} is the peak resident memory of the process, with heap,
 * Spark and ONNX Runtime. Linux only.
 */
public final class CalibrationCost {

  private static final int BATCH_SIZE = 8;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Path assets = Path.of(System.getProperty("tare.assets", "jobs/target/assets"));
  private final Path folder;
  private final CalibrationTokens tokens;
  private final int threads;

  private CalibrationCost(Path folder, int threads) {
    this.folder = folder;
    this.tokens = new CalibrationTokens(folder);
    this.threads = threads;
  }

  private Path model() {
    return assets.resolve("all-minilm-l6-v2.onnx");
  }

  /** Samples of the warm-up: a batch for each thread. */
  private int warmUp() {
    return BATCH_SIZE * threads;
  }

  private SparkSession spark() {
    return SparkSession.builder()
        .master("local[" + threads + "]")
        .config("spark.ui.enabled", false)
        .config("spark.sql.shuffle.partitions", 4)
        .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
        .config("spark.local.dir", folder.resolve("spark").toString())
        .getOrCreate();
  }

  private ObjectNode plain(int samples)
      throws IOException, InterruptedException, ExecutionException {
    List<List<Sample>> batches = tokens.batches(samples, BATCH_SIZE);
    ExecutorService tasks = Executors.newFixedThreadPool(threads);
    try (Session inference = OrtRuntime.INSTANCE.open(model(), InferenceOptions.of(1))) {
      List<Runner> runners = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        runners.add(inference.runner(List.copyOf(inference.floatOutputs())));
        run(runners.get(i), batches.get(0));
      }
      long start = System.nanoTime();
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int task = i;
        running.add(
            tasks.submit(
                () -> {
                  for (int b = task; b < batches.size(); b += threads) {
                    run(runners.get(task), batches.get(b));
                  }
                }));
      }
      for (Future<?> task : running) {
        task.get();
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      return MAPPER.createObjectNode().put("seconds", seconds).put("whole", seconds);
    } finally {
      tasks.shutdown();
    }
  }

  private static void run(Runner runner, List<Sample> batch) {
    runner.run(batch, (tensor, floats, shape) -> {});
  }

  private ObjectNode tare(int samples) throws IOException {
    LongestStage longest = new LongestStage();
    double whole;
    try (SparkSession spark = spark()) {
      calibrate(warmUp(), "warm-up");
      spark.sparkContext().addSparkListener(longest);
      long start = System.nanoTime();
      calibrate(samples, "measured");
      whole = (System.nanoTime() - start) / 1e9;
    }
    JsonNode manifest = MAPPER.readTree(run("measured").resolve("manifest.json").toFile());
    JsonNode calibration = manifest.path("properties").path("calibration");
    ObjectNode result = MAPPER.createObjectNode().put("seconds", longest.millis / 1e3);
    result.put("whole", whole);
    for (String key : List.of("run-seconds", "observe-seconds", "samples", "batch-size")) {
      result.set(key, calibration.path(key));
    }
    return result;
  }

  private Path run(String name) {
    return folder.resolve("run-" + ProcessHandle.current().pid()).resolve(name);
  }

  private void calibrate(int samples, String name) {
    int exitCode =
        new Tare(System.err, System.err)
            .run(
                "calibrate",
                "--model",
                model().toString(),
                "--data",
                tokens.table(samples).toString(),
                "--batch-size",
                String.valueOf(BATCH_SIZE),
                "--output",
                run(name).toString());
    if (exitCode != 0) {
      throw new IllegalStateException("tare calibrate ended with " + exitCode);
    }
  }

  /** The stage that takes longest: the one that runs the model. */
  private static final class LongestStage extends SparkListener {
    private long millis;

    @Override
    public void onStageCompleted(SparkListenerStageCompleted completed) {
      StageInfo stage = completed.stageInfo();
      long finish = (Long) stage.completionTime().get();
      millis = Math.max(millis, finish - (Long) stage.submissionTime().get());
    }
  }

  /** Peak resident memory of this process, in units of 10^6 bytes. */
  private static long peakMegabytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024 / 1_000_000;
      }
    }
    throw new IOException("/proc/self/status has no VmHWM");
  }

  /** Runs as the type comment says. */
  public static void main(String[] arguments)
      throws IOException, InterruptedException, ExecutionException {
    String what = arguments[1].toLowerCase(Locale.ROOT);
    List<Integer> counts =
        Arrays.stream(arguments[2].split(",", -1)).map(Integer::parseInt).toList();
    CalibrationCost cost =
        new CalibrationCost(Path.of(arguments[0]), Integer.parseInt(arguments[3]));
    if (what.equals("tokens")) {
      List<Integer> tables = new ArrayList<>(counts);
      tables.add(cost.warmUp());
      try (SparkSession spark = cost.spark()) {
        cost.tokens.write(spark, cost.assets, tables);
      }
    } else {
      int samples = counts.get(0);
      ObjectNode result = what.equals("tare") ? cost.tare(samples) : cost.plain(samples);
      System.out.println(result.put("peak-mb", peakMegabytes()));
    }
  }
}
