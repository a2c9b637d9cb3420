package dev.tare.engine.quant;

import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
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

/** Time of quantizing 4 MB of floats, a [1024, 1024] weight: 4000 microseconds are 1 GB/s. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 2, time = 1)
@Fork(1)
public class BenchmarkQuantizer {

  private static final int SIDE = 1024;

  @Param({"-1", "0", "1"})
  public int axis;

  private final Shape shape = Shape.of(SIDE, SIDE);
  private final ByteBuffer out = ByteBuffer.allocate(SIDE * SIDE);
  private Tensor tensor;
  private List<QuantParams> params;
  private OptionalInt along;

  /** Builds the weight. */
  @Setup
  public void prepare() {
    tensor = Tensor.ofFloats(shape, FloatSamples.GAUSSIAN.values(SIDE * SIDE, 1));
    QuantParams one = QuantParams.of(-4f, 4f, QuantType.INT8, true, true, false);
    params = Collections.nCopies(axis < 0 ? 1 : SIDE, one);
    along = axis < 0 ? OptionalInt.empty() : OptionalInt.of(axis);
  }

  @Benchmark
  public ByteBuffer quantize() {
    Quantizer.quantizeSlice(tensor.floats(), out.clear(), 0, shape, params, along);
    return out;
  }

  @Benchmark
  public Tensor fakeQuantize() {
    return Quantizer.fakeQuantize(tensor, params, along);
  }
}
