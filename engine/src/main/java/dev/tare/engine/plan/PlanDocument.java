package dev.tare.engine.plan;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A plan's text, read: whole but for the scales of tensors that have too many to be listed, which a
 * caller supplies through {@link #scales} from the plan's table. Not thread-safe.
 */
public final class PlanDocument {

  /** A tensor, and its scales where it has any. */
  private record Entry(JsonNode node, Optional<TensorPlan> whole, Optional<GivenScales> scales) {}

  private final String recipe;
  private final String target;
  private final Optional<String> placement;
  private final String modelSha256;
  private final List<DType> widened;
  private final String statisticsSha256;
  private final List<SmoothedInput> smoothed;
  private final Optional<GptqPlan> gptq;
  private final List<CorrectedBias> corrected;
  private final List<Entry> entries = new ArrayList<>();

  PlanDocument(
      String recipe,
      String target,
      Optional<String> placement,
      String modelSha256,
      List<DType> widened,
      String statisticsSha256,
      List<SmoothedInput> smoothed,
      Optional<GptqPlan> gptq,
      List<CorrectedBias> corrected) {
    this.recipe = recipe;
    this.target = target;
    this.placement = placement;
    this.modelSha256 = modelSha256;
    this.widened = widened;
    this.statisticsSha256 = statisticsSha256;
    this.smoothed = smoothed;
    this.gptq = gptq;
    this.corrected = corrected;
  }

  /**
   * @param pointers whether the scales may be elsewhere
   * @throws IllegalArgumentException if the node is not a tensor of a plan; the message names it
   */
  void add(JsonNode node, boolean pointers) {
    entries.add(
        named(
            node,
            entries.size(),
            () -> {
              if (TensorPlanJson.pointsToTable(node) && !pointers) {
                throw new IllegalArgumentException(
                    "Invalid plan: unknown key '%s' before format version 3"
                        .formatted(TensorPlanJson.POINTER));
              }
              return entry(node);
            }));
  }

  private static Entry entry(JsonNode node) {
    if (TensorPlanJson.pointsToTable(node)) {
      return new Entry(node, Optional.empty(), Optional.of(TensorPlanJson.pointer(node)));
    }
    TensorPlan plan = TensorPlanJson.parse(node);
    return new Entry(
        node,
        Optional.of(plan),
        Optional.of(plan).filter(p -> !p.channels().isEmpty()).map(GivenScales::listed));
  }

  /** Where the scales of the table go: one for each tensor that has any. */
  public List<GivenScales> scales() {
    return entries.stream().flatMap(entry -> entry.scales().stream()).toList();
  }

  /** The target that the plan is for. */
  public String target() {
    return target;
  }

  /** The tensors whose scales the text lists, and those without. */
  public List<TensorPlan> listed() {
    return entries.stream().flatMap(entry -> entry.whole().stream()).toList();
  }

  /** Whether the text lists every scale. */
  public boolean listsAll() {
    return entries.stream().allMatch(entry -> entry.whole().isPresent());
  }

  /**
   * The plan, with the scales that were given.
   *
   * @throws IllegalArgumentException if a tensor lacks scales, or the plan contradicts itself; the
   *     message names the tensor
   */
  public QuantPlan plan() {
    List<TensorPlan> tensors = new ArrayList<>();
    for (Entry entry : entries) {
      tensors.add(
          entry
              .whole()
              .orElseGet(
                  () ->
                      named(
                          entry.node(),
                          tensors.size(),
                          () ->
                              TensorPlanJson.parse(
                                  entry.node(),
                                  (target, blocks, count) ->
                                      entry.scales().orElseThrow().scales()))));
    }
    PlanCheck.require(tensors);
    return new QuantPlan(
        recipe,
        target,
        placement,
        modelSha256,
        widened,
        statisticsSha256,
        smoothed,
        gptq,
        corrected,
        tensors);
  }

  private static <T> T named(JsonNode node, int index, Supplier<T> read) {
    try {
      return read.get();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException(
          "Entry %d, tensor '%s': %s"
              .formatted(index, node.path("tensor").asText("?"), e.getMessage()),
          e);
    }
  }
}
