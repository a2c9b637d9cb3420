package dev.tare.jobs.evaluate;

import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The output that labels are compared with.
 *
 * @param name of the output
 * @param kind what it has for a sample
 */
record LabelledOutput(String name, Kind kind) implements Serializable {

  /** What an output has for a sample. */
  enum Kind {
    /** A number for each class, the largest of which is the answer. */
    CLASSES,
    /** A vector of each token, whose mean is the embedding. */
    TOKENS,
    /** An embedding. */
    VECTOR
  }

  /**
   * Chooses the first output with classes, else the first of token vectors; where no output has
   * classes by the user's word, else the first one as a vector.
   *
   * @param asked as in {@code --classes}
   * @throws TareException (usage) if it is not known what any output has
   */
  static LabelledOutput of(ModelHandle model, List<String> numbers, String asked) {
    ClassOutputs classes = ClassOutputs.of(model.parse(), numbers, asked);
    Map<String, Integer> axes =
        model.parse().outputs().stream()
            .collect(Collectors.toMap(TensorInfo::name, o -> o.dims().map(List::size).orElse(2)));
    for (String output : numbers) {
      // More axes are answers for many places; whoever names such an output is told so.
      if (classes.has(output) && (classes.asked() || axes.get(output) == 2)) {
        return new LabelledOutput(output, Kind.CLASSES);
      }
    }
    List<String> tokens = EvaluateJob.embeddings(model, numbers);
    if (!tokens.isEmpty()) {
      return new LabelledOutput(tokens.get(0), Kind.TOKENS);
    }
    if (asked.equals("none") && !numbers.isEmpty()) {
      return new LabelledOutput(numbers.get(0), Kind.VECTOR);
    }
    throw TareException.usage(
        "--labels needs an output with classes, and of %s none is known to have them; name it by --classes, or give --classes none to compare the labels of nearest neighbours"
            .formatted(numbers.isEmpty() ? "no outputs of numbers" : String.join(", ", numbers)));
  }

  /** The embedding of a sample, of length 1. */
  float[] vector(SampleOutput output) {
    Shape shape = kind == Kind.TOKENS ? output.shape() : Shape.of(1, output.numbers().length);
    return Embedding.pool(output.numbers(), shape);
  }
}
