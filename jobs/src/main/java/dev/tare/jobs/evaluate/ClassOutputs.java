package dev.tare.jobs.evaluate;

import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.TensorInfo;
import dev.tare.jobs.TareException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Outputs whose last axis has classes, so that the position of the largest value is the answer; for
 * maps, boxes and hidden states it has no meaning.
 */
final class ClassOutputs {

  /** Fewer are a decision by a threshold. */
  static final int LEAST_CLASSES = 3;

  /** A map of classes has them on its second axis. */
  private static final int MOST_AXES = 3;

  private static final Pattern NAMED =
      Pattern.compile("(^|[^a-z])(logits?|probs?|probabilit(y|ies)|softmax)($|[^a-z])");

  private final Set<String> outputs;
  private final boolean asked;

  private ClassOutputs(Set<String> outputs, boolean asked) {
    this.outputs = outputs;
    this.asked = asked;
  }

  /**
   * Decides which outputs have a number for each class.
   *
   * @param asked {@code auto}: after a Softmax over the last axis, or named logits or
   *     probabilities; {@code none}; {@code all}; or names of outputs with commas between
   * @throws TareException (usage) if a name is not an output of numbers
   */
  static ClassOutputs of(FloatModel model, List<String> numbers, String asked) {
    return switch (asked) {
      case "auto" -> new ClassOutputs(found(model, numbers), false);
      case "none" -> new ClassOutputs(Set.of(), true);
      case "all" -> new ClassOutputs(Set.copyOf(numbers), true);
      default -> new ClassOutputs(named(numbers, asked), true);
    };
  }

  private static Set<String> found(FloatModel model, List<String> numbers) {
    Set<String> found = new TreeSet<>(model.classOutputs());
    for (TensorInfo output : model.outputs()) {
      int axes = output.dims().map(List::size).orElse(0);
      if (axes <= MOST_AXES && NAMED.matcher(output.name().toLowerCase(Locale.ROOT)).find()) {
        found.add(output.name());
      }
    }
    found.retainAll(numbers);
    return found;
  }

  private static Set<String> named(List<String> numbers, String asked) {
    Set<String> names = new TreeSet<>();
    for (String name : asked.split(",", -1)) {
      if (!numbers.contains(name.strip())) {
        throw TareException.usage(
            "--classes names '%s', which is no output of numbers; the model has %s"
                .formatted(name.strip(), numbers.isEmpty() ? "none" : String.join(", ", numbers)));
      }
      names.add(name.strip());
    }
    return names;
  }

  /** Whether an output has a number for each class, as far as the model or the user says. */
  boolean has(String output) {
    return outputs.contains(output);
  }

  /** Whether the user said which outputs have classes. */
  boolean asked() {
    return asked;
  }

  /**
   * Whether an output's largest value is an answer.
   *
   * @param width values on its last axis
   */
  boolean has(String output, long width) {
    return outputs.contains(output) && (asked || width >= LEAST_CLASSES);
  }
}
