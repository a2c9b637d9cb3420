package dev.tare.jobs.metrics;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.MetricsSystem;
import org.apache.spark.metrics.source.Source;

/**
 * The source {@code tare} of the driver's metrics, which every sink of Spark reports: {@code
 * samples}, {@code values} and {@code non_finite} count what this process has calibrated so far,
 * {@code clip_share} is the mean share of clipped values of the last plan's activations, and {@code
 * calibrate.seconds} and its like are how long the last such stage took.
 *
 * <p>The figures change when a stage ends. They are of the process, as Spark's own are: a run's own
 * figures are in its manifest. Thread-safe.
 */
public final class RunMetrics implements Source {

  private static final String NAME = "tare";

  private static final RunMetrics OF_PROCESS = new RunMetrics();

  private final MetricRegistry registry = new MetricRegistry();
  private final Map<String, Double> figures = new ConcurrentHashMap<>();

  private RunMetrics() {}

  /** The source, registered in the Spark that runs in this process; without one nobody reads it. */
  public static RunMetrics registered() {
    SparkEnv environment = SparkEnv.get();
    if (environment != null) {
      MetricsSystem system = environment.metricsSystem();
      synchronized (OF_PROCESS) {
        if (system.getSourcesByName(NAME).isEmpty()) {
          system.registerSource(OF_PROCESS);
        }
      }
    }
    return OF_PROCESS;
  }

  @Override
  public String sourceName() {
    return NAME;
  }

  @Override
  public MetricRegistry metricRegistry() {
    return registry;
  }

  /**
   * Adds what a calibration counted.
   *
   * @param values of whole tensors, non-finite ones included
   */
  public void calibrated(long samples, long values, long nonFinite) {
    registry.counter("samples").inc(samples);
    registry.counter("values").inc(values);
    registry.counter("non_finite").inc(nonFinite);
  }

  /** Sets the share of clipped values; NaN if no activation has one. */
  public void clipped(double share) {
    set("clip_share", share);
  }

  /** Sets how long a stage took. */
  public void took(String stage, double seconds) {
    set(stage + ".seconds", seconds);
  }

  private void set(String name, double figure) {
    figures.put(name, figure);
    registry.gauge(name, () -> (Gauge<Double>) () -> figures.get(name));
  }
}
