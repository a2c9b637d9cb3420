package dev.tare.engine.recipe;

import dev.tare.engine.range.Range;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * A tensor to be decided by a recipe, with everything that rules may match.
 *
 * @param tensor name in the model
 * @param role its role for its consumers
 * @param consumers names of the nodes that would read it quantized, in graph order
 * @param operators their operator types as rules name them, sorted, each once
 * @param format how the model would store it
 * @param channelAxis axis of output channels of a weight, or -1 if channels may not have their own
 *     scales
 * @param blockAxis axis of a weight that is divided into blocks, over which products are summed; -1
 *     for an activation
 * @param nature what is known about its values
 */
public record TensorQuery(
    String tensor,
    Role role,
    List<String> consumers,
    List<String> operators,
    Format format,
    int channelAxis,
    int blockAxis,
    Nature nature)
    implements Serializable {

  private static final long serialVersionUID = 1L;

  /** The consumer of a graph output: the caller of the model. */
  public static final String GRAPH_OUTPUT = "<graph output>";

  /** What is known about the values of a tensor in advance. */
  public enum Nature {
    /** Nothing. */
    ANY,
    /** They are in [0, 1], like the output of a Softmax. */
    PROBABILITIES(0, 1),
    /** Likewise, and the kernel that computes them counts in 256ths. */
    PROBABILITIES_IN_256THS(0, 255 / 256f),
    /** They are in [-1, 1], and the kernel that computes them counts in 128ths. */
    SIGNED_IN_128THS(-1, 127 / 128f),
    /** They are logarithms of probabilities, and the kernel that computes them counts in 16ths. */
    LOGARITHMS_IN_16THS(-255 / 16f, 0),
    /** They are in [-1, 1], and the kernel that computes them counts in 32768ths. */
    SIGNED_IN_32768THS(-32767 / 32768f, 32767 / 32768f),
    /** They are constant, and quantized like the activations of the same operator. */
    OPERAND;

    private final float low;
    private final float high;

    Nature() {
      this(0, 0);
    }

    Nature(float low, float high) {
      this.low = low;
      this.high = high;
    }

    /** The range that they get whatever was observed; empty if that decides. */
    public Optional<Range> range() {
      return low < high ? Optional.of(new Range(low, high)) : Optional.empty();
    }
  }

  /** Creates a query for a tensor whose values are unknown. */
  public TensorQuery(
      String tensor,
      Role role,
      List<String> consumers,
      List<String> operators,
      Format format,
      int channelAxis,
      int blockAxis) {
    this(tensor, role, consumers, operators, format, channelAxis, blockAxis, Nature.ANY);
  }

  public TensorQuery {
    consumers = List.copyOf(consumers);
    operators = List.copyOf(operators);
  }

  /** Creates a query for an activation. */
  public static TensorQuery ofActivation(
      String tensor, List<String> consumers, List<String> operators) {
    return new TensorQuery(tensor, Role.ACTIVATION, consumers, operators, Format.QDQ, -1, -1);
  }

  /** The role whose settings apply: for a constant operand that of activations. */
  Role settings() {
    return nature == Nature.OPERAND ? Role.ACTIVATION : role;
  }

  public TensorQuery with(Nature other) {
    return new TensorQuery(
        tensor, role, consumers, operators, format, channelAxis, blockAxis, other);
  }
}
