package dev.tare.engine.quant;

import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
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
 * Time of a [384, 1536] weight, 2.36 MB of floats, to codes and back: 2360 microseconds are 1 GB/s
 * of float.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class BenchmarkQuantizer {

  private static final Shape SHAPE = Shape.of(384, 1536);

  @Param({"INT8", "INT4", "INT16", "FLOAT8E4M3FN"})
  public QuantType type;

  @Param({"tensor", "axis 0", "axis 1", "blocks of 32, axis 0", "blocks of 32, axis 1"})
  public String granularity;

  private Tensor tensor;
  private Tensor quantized;
  private List<QuantParams> params;
  private Granularity each;
  private ByteBuffer out;

  /** Builds the weight. */
  @Setup
  public void prepare() {
    each =
        switch (granularity) {
          case "tensor" -> Granularity.perTensor();
          case "axis 0" -> Granularity.perChannel(0);
          case "axis 1" -> Granularity.perChannel(1);
          case "blocks of 32, axis 0" -> Granularity.perBlock(0, 32);
          default -> Granularity.perBlock(1, 32);
        };
    tensor = Tensor.ofFloats(SHAPE, FloatSamples.GAUSSIAN.values((int) SHAPE.size(), 1));
    QuantParams one = QuantParams.of(-4f, 4f, type, true, true, false);
    params = Collections.nCopies((int) each.paramsShape(SHAPE).size(), one);
    quantized = Quantizer.quantize(tensor, params, each);
    out = ByteBuffer.allocate(quantized.bytes().remaining());
  }

  @Benchmark
  public ByteBuffer quantize() {
    Quantizer.quantizeSlice(tensor.floats(), out.clear(), 0, SHAPE, params, each);
    return out;
  }

  @Benchmark
  public Tensor dequantize() {
    return Quantizer.dequantize(quantized, params, each);
  }

  @Benchmark
  public Tensor fakeQuantize() {
    return Quantizer.fakeQuantize(tensor, params, each);
  }
}
