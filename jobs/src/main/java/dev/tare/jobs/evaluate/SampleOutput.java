package dev.tare.jobs.evaluate;

import dev.tare.engine.tensor.Shape;

/**
 * What a model gave for one output of one sample: numbers, or labels that are equal or not.
 *
 * <p>The arrays are not copied and must not change.
 */
final class SampleOutput {

  private final Shape shape;
  private final float[] numbers;
  private final long[] labels;
  private final boolean labelled;

  private SampleOutput(Shape shape, float[] numbers, long[] labels, boolean labelled) {
    this.shape = shape;
    this.numbers = numbers;
    this.labels = labels;
    this.labelled = labelled;
  }

  /** Numbers of a shape without the batch dimension. */
  static SampleOutput ofNumbers(Shape shape, float... numbers) {
    return new SampleOutput(shape, numbers, new long[0], false);
  }

  static SampleOutput ofLabels(Shape shape, long... labels) {
    return new SampleOutput(shape, new float[0], labels, true);
  }

  Shape shape() {
    return shape;
  }

  boolean labelled() {
    return labelled;
  }

  /** Empty where these are labels. */
  float[] numbers() {
    return numbers;
  }

  /** Empty where these are numbers. */
  long[] labels() {
    return labels;
  }
}
