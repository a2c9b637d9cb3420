package dev.tare.engine.recipe;

import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.QuantizableNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An exception for some tensors or operators; the last matching rule decides.
 *
 * @param name its name in the plan, such as {@code rule 2}
 * @param pattern which tensors or nodes by name; empty for all
 * @param operators which operator types, {@link QuantizableNode#DEPTHWISE} among them; empty for
 *     all
 * @param role which role the settings are for; present if and only if {@code settings} is
 * @param quantize whether a matching operator is quantized at all
 * @param mode the mode of matching operators
 * @param settings how a matching tensor is quantized
 */
public record RecipeRule(
    String name,
    Optional<NamePattern> pattern,
    List<String> operators,
    Optional<Role> role,
    Optional<Boolean> quantize,
    Optional<Mode> mode,
    Optional<TensorRule> settings) {

  /**
   * @throws IllegalArgumentException if settings lack a role, or a role has no settings
   */
  public RecipeRule {
    operators = List.copyOf(operators);
    if (role.isPresent() != settings.isPresent()) {
      throw new IllegalArgumentException(
          name + (role.isPresent() ? " has a role but no settings" : " has settings but no role"));
    }
  }

  /** Whether it matches a node by its name, or that of its input or weight. */
  boolean matches(QuantizableNode node) {
    return matches(node.kinds(), List.of(node.node(), node.input(), node.weight()));
  }

  /** Whether it matches a node by its name, or that of an input. */
  boolean matches(GraphNode node) {
    List<String> names = new ArrayList<>(node.inputs());
    names.add(node.node());
    return matches(List.of(node.opType()), names);
  }

  /** Whether it matches a tensor by its name, whatever reads or computes it. */
  boolean names(String tensor) {
    return operators.isEmpty() && pattern.filter(p -> p.matches(tensor)).isPresent();
  }

  private boolean matches(List<String> kinds, List<String> names) {
    return (operators.isEmpty() || kinds.stream().anyMatch(operators::contains)) && matches(names);
  }

  /** Whether its settings apply to a tensor, by the tensor's name or that of a consumer. */
  boolean matches(TensorQuery tensor) {
    return role.filter(tensor.settings()::equals).isPresent()
        && (operators.isEmpty() || tensor.operators().stream().anyMatch(operators::contains))
        && (matches(List.of(tensor.tensor())) || matches(tensor.consumers()));
  }

  private boolean matches(List<String> names) {
    return pattern.isEmpty() || names.stream().anyMatch(pattern.get()::matches);
  }
}
