package dev.tare.jobs.evaluate;

import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The output that labels are compared with.
 *
 * @param name of the output
 * @param kind what it has for a sample
 * @param blank the class of strings that means no character; -1 for other kinds
 */
record LabelledOutput(String name, Kind kind, int blank) implements Serializable {

  /** What an output has for a sample. */
  enum Kind {
    /** A number for each class, the largest of which is the answer. */
    CLASSES,
    /** The same for each step of a string. */
    STRING,
    /** A vector of each token, whose mean is the embedding. */
    TOKENS,
    /** An embedding. */
    VECTOR
  }

  /**
   * Chooses the first output with classes, for strings with classes of every step; else the first
   * of token vectors; and where no output has classes by the user's word, the first as a vector.
   *
   * @param asked as in {@code --classes}
   * @throws TareException (usage) if it is not known what any output has
   */
  static LabelledOutput of(
      ModelHandle model, List<String> numbers, String asked, LabelOptions options) {
    boolean strings = options.ctcBlank().isPresent();
    ClassOutputs classes = ClassOutputs.of(model.parse(), numbers, asked);
    Map<String, Integer> axes =
        model.parse().outputs().stream()
            .collect(Collectors.toMap(TensorInfo::name, o -> o.dims().map(List::size).orElse(2)));
    for (String output : numbers) {
      // More axes are answers for many places; whoever names such an output is told so.
      if (classes.has(output) && (classes.asked() || axes.get(output) == (strings ? 3 : 2))) {
        return strings
            ? new LabelledOutput(output, Kind.STRING, options.ctcBlank().getAsInt())
            : new LabelledOutput(output, Kind.CLASSES);
      }
    }
    if (strings) {
      throw TareException.usage(
          "--ctc-blank needs an output with classes for every step, and of %s none is known to have them; name it by --classes"
              .formatted(listed(numbers)));
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
            .formatted(listed(numbers)));
  }

  LabelledOutput(String name, Kind kind) {
    this(name, kind, -1);
  }

  private static String listed(List<String> numbers) {
    return numbers.isEmpty() ? "no outputs of numbers" : String.join(", ", numbers);
  }

  /**
   * The string of a sample by the greedy rule of CTC (Graves et al., 2006): of the likeliest class
   * of each step, repeats are one, and blanks are left out.
   *
   * @param width number of classes
   * @return classes in their order; -1 where a step has no answer
   */
  List<Integer> string(SampleOutput output, int width) {
    List<Integer> string = new ArrayList<>();
    float[] numbers = output.numbers();
    int before = blank;
    for (int from = 0; from < numbers.length; from += width) {
      int answer = LabelTask.answer(Arrays.copyOfRange(numbers, from, from + width));
      if (answer != before && answer != blank) {
        string.add(answer);
      }
      before = answer;
    }
    return string;
  }

  /** The embedding of a sample, of length 1. */
  float[] vector(SampleOutput output) {
    Shape shape = kind == Kind.TOKENS ? output.shape() : Shape.of(1, output.numbers().length);
    return Embedding.pool(output.numbers(), shape);
  }
}
