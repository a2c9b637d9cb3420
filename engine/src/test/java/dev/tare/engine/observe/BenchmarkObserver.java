package dev.tare.engine.observe;

import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Random;
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

/**
 * Time to observe one batch of a transformer's MatMul input: microseconds per batch, so values per
 * batch over the score are millions of values a second. Run from the repository's root:
 *
 * <pre>{@code
 * mvn -q -pl engine test-compile dependency:build-classpath \
 *     -Dmdep.outputFile=target/classpath -Dmdep.includeScope=test
 * java -cp engine/target/test-classes:engine/target/classes:$(cat engine/target/classpath) \
 *     org.openjdk.jmh.Main BenchmarkObserver
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class BenchmarkObserver {

  @Param({"384", "1536"})
  int channels;

  @Param({"NONE", "EXTREMES", "HISTOGRAM"})
  ChannelMode mode;

  /** Gaussian with an outlier channel, the same after a ReLU, or a constant. */
  @Param({"gauss", "relu", "constant"})
  String values;

  private Shape shape;
  private ByteBuffer batch;
  private Observer observer;

  @Setup
  public void fill() {
    shape = Shape.of(8, 128, channels);
    batch =
        ByteBuffer.allocateDirect(Math.toIntExact(shape.size() * 4)).order(ByteOrder.LITTLE_ENDIAN);
    FloatBuffer floats = batch.asFloatBuffer();
    Random random = new Random(1);
    for (int i = 0; i < floats.capacity(); i++) {
      float gauss = (float) (random.nextGaussian() * (i % channels == 7 ? 60 : 0.5));
      floats.put(
          i,
          switch (values) {
            case "gauss" -> gauss;
            case "relu" -> Math.max(0, gauss);
            default -> 1;
          });
    }
    ObserverOptions options =
        mode == ChannelMode.NONE ? ObserverOptions.ofWhole() : ObserverOptions.ofChannels(mode, -1);
    observer = Observer.create("x", options);
  }

  /** One batch through an observer that has seen others. */
  @Benchmark
  public void observe() {
    observer.observe(batch, shape);
  }
}
