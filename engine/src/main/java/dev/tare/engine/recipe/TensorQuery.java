package dev.tare.engine.recipe;

import java.io.Serializable;
import java.util.List;

/**
 * A tensor that a recipe is asked about, with all that its rules may match.
 *
 * @param tensor name in the model
 * @param role what it is to its consumers
 * @param consumers names of the nodes that would read it quantized, in graph order
 * @param operators their operator types as rules know them, sorted, each once
 * @param format how the model would hold it
 * @param channelAxis axis of output channels of a weight, or -1 where channels may not have scales
 *     of their own
 * @param blockAxis axis that blocks of a weight cut, the one that products are summed over; -1 for
 *     an activation
 * @param nature what is known of its values
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

  /** Stands among consumers for whoever runs the model. */
  public static final String GRAPH_OUTPUT = "<graph output>";

  /** What is known of the values of a tensor before any was seen. */
  public enum Nature {
    /** Nothing. */
    ANY,
    /** They are in [0, 1], as a Softmax gives them out. */
    PROBABILITIES,
    /** They are constant, and quantized as the activations beside them are. */
    OPERAND
  }

  /** A question about a tensor of which nothing is known. */
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

  /** A question about an activation. */
  public static TensorQuery ofActivation(
      String tensor, List<String> consumers, List<String> operators) {
    return new TensorQuery(tensor, Role.ACTIVATION, consumers, operators, Format.QDQ, -1, -1);
  }

  /** Whose settings it takes: a constant operand those of activations. */
  Role settings() {
    return nature == Nature.OPERAND ? Role.ACTIVATION : role;
  }

  public TensorQuery with(Nature other) {
    return new TensorQuery(
        tensor, role, consumers, operators, format, channelAxis, blockAxis, other);
  }
}
