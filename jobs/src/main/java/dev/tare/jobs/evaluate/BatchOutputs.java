package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.TensorSink;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.TareException;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a model gave for a batch, to be taken apart into samples. */
final class BatchOutputs implements TensorSink {

  private final int samples;
  private final Map<String, SampleOutput> whole = new HashMap<>();

  private BatchOutputs(int samples) {
    this.samples = samples;
  }

  static BatchOutputs of(Runner runner, List<Sample> batch) {
    BatchOutputs outputs = new BatchOutputs(batch.size());
    runner.run(batch, outputs);
    return outputs;
  }

  @Override
  public void accept(String tensor, ByteBuffer floats, Shape shape) {
    float[] copy = new float[floats.remaining() / Float.BYTES];
    floats.asFloatBuffer().get(copy);
    whole.put(tensor, SampleOutput.ofNumbers(shape, copy));
  }

  @Override
  public void labels(String tensor, LongBuffer labels, Shape shape) {
    long[] copy = new long[labels.remaining()];
    labels.get(copy);
    whole.put(tensor, SampleOutput.ofLabels(shape, copy));
  }

  /** The shape with all samples. */
  Shape shape(String output) {
    return whole.get(output).shape();
  }

  /**
   * One sample's part: of a batch of one all of it, without a first dimension of 1.
   *
   * @throws TareException (bad input) if the output has no equal part for each sample
   */
  SampleOutput sample(String output, int index) {
    SampleOutput all = whole.get(output);
    Shape shape = all.shape();
    if (samples > 1 && (shape.rank() == 0 || shape.dim(0) % samples != 0)) {
      throw TareException.badInput(
          "Output '%s' has the shape %s for %d samples, so that no part of it belongs to one; --batch-size 1 runs them one at a time"
              .formatted(output, shape, samples));
    }
    int size = Math.toIntExact(shape.size()) / samples;
    int from = index * size;
    Shape own = own(shape);
    return all.labelled()
        ? SampleOutput.ofLabels(own, Arrays.copyOfRange(all.labels(), from, from + size))
        : SampleOutput.ofNumbers(own, Arrays.copyOfRange(all.numbers(), from, from + size));
  }

  private Shape own(Shape shape) {
    if (shape.rank() == 0) {
      return shape;
    }
    Shape rest = new Shape(shape.dims().subList(1, shape.rank()));
    return shape.dim(0) == samples ? rest : rest.batched(shape.dim(0) / samples);
  }
}
