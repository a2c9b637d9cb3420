package dev.tare.jobs.calibrate;

import dev.tare.engine.infer.Batcher;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.TensorSink;
import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.model.ObservableTensor;
import dev.tare.engine.model.Observation;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.Collector;
import dev.tare.engine.observe.MomentsObserver;
import dev.tare.engine.observe.Observer;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.observe.WholeTables;
import dev.tare.engine.onnx.ExposedOutputs;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.model.OnnxFloatModel;
import dev.tare.engine.statistics.StateKind;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.SampleOrigin;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Calibration over plain inference: MiniLM on WordNet's definitions, the default observed set, one
 * thread. Tokenizing and start-up are outside. Times are those of the thread on a processor, since
 * ONNX Runtime runs in it: work of others on the machine counts less so.
 *
 * <p>Not JMH, which measures one variant after the other: on a shared machine the speed changes in
 * between. Here every round runs all variants on the same batches, in another order each time, and
 * the result is the median of the rounds' ratios. Run from the repository's root:
 *
 * <pre>{@code
 * mvn -q -B -pl jobs -am test-compile dependency:build-classpath \
 *     -Dmdep.outputFile=target/classpath -Dmdep.includeScope=test
 * java -cp "jobs/target/test-classes:jobs/target/classes:$(cat jobs/target/classpath)" \
 *     dev.tare.jobs.calibrate.BenchmarkCalibration joined 40
 * }</pre>
 *
 * <p>The first argument is {@code joined} (definitions joined to 128 tokens, batch 8, one batch a
 * round, observers that go on) or {@code natural} (128 definitions a round, each variant with
 * observers of its own that start empty and end with their statistics: a task of the demo). The
 * second is the number of rounds; {@code -Dtare.assets} names the model's folder. Variants that are
 * unnamed do not ask which sample holds an extreme; a calibration does.
 */
public final class BenchmarkCalibration {

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final int BATCH_SIZE = 8;
  private static final int JOINED_BATCHES = 8;
  private static final int NATURAL_SAMPLES = 128;

  private final boolean natural;
  private final List<Variant> variants = new ArrayList<>();
  private final List<List<Sample>> batches = new ArrayList<>();

  private BenchmarkCalibration(boolean natural) {
    this.natural = natural;
  }

  /** What a round takes of one variant. */
  private record Cost(long runNanos, long observeNanos) {
    double millis() {
      return (runNanos + observeNanos) / 1e6;
    }
  }

  /** One way to run the model. */
  private static final class Variant {
    private final String name;
    private final Session inference;
    private final List<String> outputs;
    private final List<ObservableTensor> observed;
    private final Optional<ChannelMode> mode;
    private final boolean named;
    private final Set<StateKind> kinds;
    private final List<Cost> costs = new ArrayList<>();
    private final Map<String, List<Collector>> observers = new HashMap<>();
    private Runner runner;
    private long observing;

    Variant(
        String name,
        Session inference,
        Set<String> outputs,
        List<ObservableTensor> observed,
        Optional<ChannelMode> mode,
        boolean named,
        Set<StateKind> kinds) {
      this.name = name;
      this.inference = inference;
      this.outputs = List.copyOf(outputs);
      this.observed = observed;
      this.mode = mode;
      this.named = named;
      this.kinds = kinds;
      begin();
    }

    void begin() {
      runner = inference.runner(outputs);
      observers.clear();
      if (mode.isPresent()) {
        int[] room = Observer.room();
        for (ObservableTensor tensor : observed) {
          ObserverOptions options =
              mode.get() == ChannelMode.NONE
                  ? ObserverOptions.ofWhole()
                  : ObserverOptions.ofChannels(mode.get(), tensor.channelAxis().orElseThrow());
          List<Collector> own = new ArrayList<>();
          own.add(Observer.create(tensor.name(), options, WholeTables.DENSE, room));
          if (kinds.contains(StateKind.MOMENTS)) {
            own.add(new MomentsObserver(tensor.name(), options, room));
          }
          observers.put(tensor.name(), own);
        }
      }
    }

    private TensorSink sink(List<SampleOrigin> origins) {
      return mode.isEmpty()
          ? (tensor, floats, shape) -> {}
          : (tensor, floats, shape) -> {
            long start = now();
            List<SampleOrigin> of = named ? origins : List.of();
            observers.get(tensor).forEach(each -> each.observe(floats, shape, of));
            observing += now() - start;
          };
    }

    void round(List<List<Sample>> batches, boolean startEmpty) {
      List<List<SampleOrigin>> origins = new ArrayList<>();
      for (List<Sample> batch : batches) {
        origins.add(batch.stream().map(SampleOrigin::of).toList());
      }
      observing = 0;
      long start = now();
      if (startEmpty) {
        begin();
      }
      for (int i = 0; i < batches.size(); i++) {
        runner.run(batches.get(i), sink(origins.get(i)));
      }
      if (startEmpty) {
        long finish = now();
        observers
            .values()
            .forEach(own -> own.forEach(each -> each.blocks().forEachRemaining(b -> {})));
        observing += now() - finish;
      }
      costs.add(new Cost(now() - start - observing, observing));
    }
  }

  private void load(Path assets, Path prepared) throws IOException {
    Path file = assets.resolve("all-minilm-l6-v2.onnx");
    OnnxModel model = OnnxModel.read(file);
    List<ObservableTensor> observed =
        Observation.resolve(Observation.CONSTANT_WEIGHT_INPUTS, OnnxFloatModel.of(model));
    TreeSet<String> names = new TreeSet<>();
    observed.forEach(tensor -> names.add(tensor.name()));
    try (OutputStream out = Files.newOutputStream(prepared)) {
      ExposedOutputs.expose(model, names).writeTo(out);
    }
    Session plain = OrtRuntime.INSTANCE.open(file, InferenceOptions.of(1));
    Session exposed = OrtRuntime.INSTANCE.open(prepared, InferenceOptions.of(1));
    add("plain", plain, plain.floatOutputs(), observed, Optional.empty(), false);
    add("exposed, unread", exposed, names, observed, Optional.empty(), false);
    add("per tensor, unnamed", exposed, names, observed, Optional.of(ChannelMode.NONE), false);
    add("per tensor", exposed, names, observed, Optional.of(ChannelMode.NONE), true);
    add("+ channel extremes", exposed, names, observed, Optional.of(ChannelMode.EXTREMES), true);
    add(
        "+ histograms, unnamed",
        exposed,
        names,
        observed,
        Optional.of(ChannelMode.HISTOGRAM),
        false);
    add("+ channel histograms", exposed, names, observed, Optional.of(ChannelMode.HISTOGRAM), true);
    variants.add(
        new Variant(
            "+ moments of channels",
            exposed,
            names,
            observed,
            Optional.of(ChannelMode.HISTOGRAM),
            true,
            Set.of(StateKind.HISTOGRAM, StateKind.MOMENTS)));
  }

  private void add(
      String name,
      Session inference,
      Set<String> outputs,
      List<ObservableTensor> observed,
      Optional<ChannelMode> mode,
      boolean named) {
    variants.add(
        new Variant(name, inference, outputs, observed, mode, named, Set.of(StateKind.HISTOGRAM)));
  }

  private void tokenize(Path assets) throws IOException {
    if (natural) {
      Batcher<Sample> batcher = new Batcher<>(BATCH_SIZE, sample -> sample, batches::add);
      BenchmarkSamples.definitions(assets, NATURAL_SAMPLES).forEach(batcher::add);
      batcher.flush();
    } else {
      List<Sample> samples = BenchmarkSamples.joined(assets, JOINED_BATCHES * BATCH_SIZE);
      for (int i = 0; i < samples.size(); i += BATCH_SIZE) {
        batches.add(samples.subList(i, i + BATCH_SIZE));
      }
    }
  }

  private void round(int round) {
    List<List<Sample>> work =
        natural ? batches : List.of(batches.get(Math.floorMod(round, batches.size())));
    for (int i = 0; i < variants.size(); i++) {
      variants.get(Math.floorMod(round + i, variants.size())).round(work, natural);
    }
  }

  private void report(int skip) {
    List<Cost> plain = variants.get(0).costs;
    System.out.printf(
        "%-22s %9s %9s %9s %9s%n", "median of", "run ms", "observe", "ratio", "p10-p90");
    for (Variant variant : variants) {
      int rounds = plain.size() - skip;
      double[] run = new double[rounds];
      double[] observe = new double[rounds];
      double[] ratio = new double[rounds];
      for (int i = 0; i < rounds; i++) {
        Cost cost = variant.costs.get(skip + i);
        run[i] = cost.runNanos() / 1e6;
        observe[i] = cost.observeNanos() / 1e6;
        ratio[i] = cost.millis() / plain.get(skip + i).millis();
      }
      System.out.printf(
          Locale.ROOT,
          "%-22s %9.1f %9.1f %9.3f %5.2f-%4.2f%n",
          variant.name,
          quantile(run, 0.5),
          quantile(observe, 0.5),
          quantile(ratio, 0.5),
          quantile(ratio, 0.1),
          quantile(ratio, 0.9));
    }
  }

  /** Time of this thread on a processor: ONNX Runtime runs in it, and preemption does not count. */
  private static long now() {
    return THREADS.getCurrentThreadCpuTime();
  }

  private static double quantile(double[] values, double share) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.round(share * (sorted.length - 1))];
  }

  /** Runs as the type comment says. */
  public static void main(String[] arguments) throws IOException {
    boolean natural = arguments.length > 0 && arguments[0].equals("natural");
    int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 40;
    Path assets = Path.of(System.getProperty("tare.assets", "jobs/target/assets"));
    Path prepared = Files.createTempFile("tare-benchmark", ".onnx");
    try {
      BenchmarkCalibration benchmark = new BenchmarkCalibration(natural);
      benchmark.load(assets, prepared);
      benchmark.tokenize(assets);
      benchmark.round(0);
      System.out.println("First round, cold:");
      benchmark.report(0);
      int warmUp = 8;
      for (int round = 1; round < warmUp + rounds; round++) {
        benchmark.round(round);
      }
      System.out.printf("%nRounds %d to %d:%n", warmUp + 1, warmUp + rounds);
      benchmark.report(warmUp);
    } finally {
      Files.delete(prepared);
    }
  }
}
