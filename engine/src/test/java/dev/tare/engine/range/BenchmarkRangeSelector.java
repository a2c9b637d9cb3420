package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.quant.FloatSamples;
import dev.tare.engine.quant.QuantType;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Time of one selection from a per-tensor histogram: a million values, or real activations. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 2, time = 1)
@Fork(1)
public class BenchmarkRangeSelector {

  @Param({
    "min-max",
    "percentile-99.99",
    "percentile-abs-99.99",
    "percentile-ort-99.99",
    "entropy",
    "entropy-trt",
    "entropy-ort-128",
    "mse",
    "mse-grid-100",
    "mse-trt",
    "l2-torch"
  })
  public String method;

  @Param({"true", "false"})
  public boolean symmetric;

  @Param({"OUTLIERS", "MINILM_GELU", "MINILM_LAYER_NORM"})
  public String values;

  private static final int CALLS = 30;
  private static final long WARM_NANOS = 300_000_000;

  private Distribution distribution;
  private RangeSelector selector;
  private Target target;

  /** Builds the histogram. */
  @Setup
  public void prepare() {
    distribution =
        values.startsWith("MINILM")
            ? RealActivations.valueOf(values).distribution()
            : FloatSamples.distribution(FloatSamples.valueOf(values).values(1_000_000, 1), 10);
    selector = RangeSelector.parse(method);
    target = new Target(QuantType.INT8, symmetric, symmetric, false);
  }

  @Benchmark
  public Range select() {
    return selector.select(distribution, target);
  }

  /**
   * Prints a table of this thread's processor time, which other work on the machine disturbs
   * little, and the signal to noise that each range leaves.
   */
  public static void main(String[] arguments) {
    ThreadMXBean thread = ManagementFactory.getThreadMXBean();
    for (String method : RangeSelector.NAMES) {
      StringBuilder row = new StringBuilder("| `" + method + "` |");
      for (RealActivations activations : RealActivations.values()) {
        Distribution distribution = activations.distribution();
        for (boolean symmetric : new boolean[] {true, false}) {
          Target target = new Target(QuantType.INT8, symmetric, symmetric, false);
          RangeSelector selector = RangeSelector.parse(method);
          List<Double> times = new ArrayList<>();
          Range range = selector.select(distribution, target);
          long begin = thread.getCurrentThreadCpuTime();
          while (thread.getCurrentThreadCpuTime() - begin < WARM_NANOS) {
            range = selector.select(distribution, target);
          }
          for (int i = 0; i < CALLS; i++) {
            long start = thread.getCurrentThreadCpuTime();
            range = selector.select(distribution, target);
            times.add((thread.getCurrentThreadCpuTime() - start) / 1e6);
          }
          Collections.sort(times);
          double decibel =
              ExpectedError.of(distribution, target.params(range), target.limits()).sqnrDb();
          row.append(
              String.format(Locale.ROOT, " %.2g ms, %.1f dB |", times.get(CALLS / 2), decibel));
        }
      }
      System.out.println(row);
    }
  }
}
