package dev.tare.engine.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.target.Targets;
import dev.tare.engine.tensor.DType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The plan as JSON, format version 16; older versions are read too: 1, of plans without formats and
 * rules, 2, in which every scale is listed, 3, of plans for the default target, 4, of plans without
 * a named placement, 5, of plans that smooth no input, 6, of models that are read as they are, 7,
 * of plans that round all weights to nearest, 8, of plans that correct no bias, 9, of plans that
 * rescale no input of a convolution, 10, of plans that round no weight of one by GPTQ, 11, of plans
 * that shift no smoothed input, 12, of plans of integers (or float16) with scales of any value, 13,
 * of plans that compensate no product, 14, of plans that do not compare a range with that of all
 * values, and 15, of plans that move no factors of a last axis into the nodes before. Programs that
 * read up to 15 would add a Mul, and an Add, instead: another model than the plan's tensors are of.
 *
 * <p>Channels are columns (arrays of equal length). For blocks only scales and zero points are
 * listed, with one error for the tensor. Of a tensor with more than {@value #LISTED} scales the
 * text has none of these columns, but {@code "scales-in-table"}, their number: the plan's table has
 * them. A plan is written as the oldest version that has all it says, which earlier programs read:
 * 2 if it lists all its scales and is for the default target. Numbers that JSON lacks are strings:
 * {@code "Infinity"}, {@code "NaN"}. Floats are written so that reading gives the same bits.
 */
public final class QuantPlanJson {

  /** A tensor with more scales than this has them in the plan's table only. */
  public static final int LISTED = 1000;

  private static final int FORMAT_VERSION = 16;
  private static final int UNFOLDED_VERSION = 15;
  private static final int UNCOMPARED_VERSION = 14;
  private static final int UNCOMPENSATED_VERSION = 13;
  private static final int LINEAR_VERSION = 12;
  private static final int UNSHIFTED_VERSION = 11;
  private static final int PRODUCTS_VERSION = 10;
  private static final int UNEQUALIZED_VERSION = 9;
  private static final int UNCORRECTED_VERSION = 8;
  private static final int NEAREST_VERSION = 7;
  private static final int UNWIDENED_VERSION = 6;
  private static final int UNSMOOTHED_VERSION = 5;
  private static final int NO_PLACEMENT_VERSION = 4;
  private static final int DEFAULT_TARGET_VERSION = 3;
  private static final int ALL_LISTED_VERSION = 2;
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final Set<String> KEYS =
      Set.of("format-version", "recipe", "model-sha256", "statistics-sha256", "tensors");

  private static final String TARGET = "target";
  private static final String PLACEMENT = "placement";
  private static final String SMOOTHED = "smoothed";
  private static final String GPTQ = "gptq";
  private static final String WIDENED = "widened";
  private static final String CORRECTED = "corrected";

  private QuantPlanJson() {}

  /** Formats a plan as indented text with a final line end; equal plans give equal text. */
  public static String format(QuantPlan plan) {
    int version = version(plan);
    ObjectNode root = MAPPER.createObjectNode();
    root.put("format-version", version);
    root.put("recipe", plan.recipe());
    if (version > DEFAULT_TARGET_VERSION) {
      root.put(TARGET, plan.target());
    }
    plan.placement().ifPresent(name -> root.put(PLACEMENT, name));
    root.put("model-sha256", plan.modelSha256());
    if (version > UNWIDENED_VERSION) {
      ArrayNode widened = root.putArray(WIDENED);
      plan.widened().forEach(type -> widened.add(type.name()));
    }
    root.put("statistics-sha256", plan.statisticsSha256());
    if (version > UNSMOOTHED_VERSION) {
      root.set(SMOOTHED, SmoothedInputJson.format(plan.smoothed()));
    }
    plan.gptq().ifPresent(rounded -> root.set(GPTQ, GptqPlanJson.format(rounded)));
    if (version > UNCORRECTED_VERSION) {
      root.set(CORRECTED, CorrectedBiasJson.format(plan.corrected()));
    }
    ArrayNode tensors = root.putArray("tensors");
    plan.tensors().forEach(t -> tensors.add(TensorPlanJson.format(t, LISTED)));
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A tree of plain values can be written", e);
    }
  }

  private static boolean linear(TensorPlan tensor) {
    return !tensor.target().powerOfTwo()
        && (tensor.type().isInteger() || tensor.type() == QuantType.FLOAT16);
  }

  private static int version(QuantPlan plan) {
    if (plan.smoothed().stream().anyMatch(SmoothedInput::folded)) {
      return FORMAT_VERSION;
    }
    if (plan.tensors().stream().anyMatch(t -> t.channels().unclipped().isPresent())) {
      return UNFOLDED_VERSION;
    }
    if (!plan.corrected().stream().allMatch(bias -> bias.gains().isEmpty())) {
      return UNCOMPARED_VERSION;
    }
    if (!plan.tensors().stream().allMatch(QuantPlanJson::linear)) {
      return UNCOMPENSATED_VERSION;
    }
    if (!plan.smoothed().stream().allMatch(input -> input.offsets().isEmpty())) {
      return LINEAR_VERSION;
    }
    if (!plan.gptq().stream().allMatch(GptqPlan::plain)) {
      return UNSHIFTED_VERSION;
    }
    if (!plan.smoothed().stream().allMatch(SmoothedInput::plain)) {
      return PRODUCTS_VERSION;
    }
    if (!plan.corrected().isEmpty()) {
      return UNEQUALIZED_VERSION;
    }
    if (plan.gptq().isPresent()) {
      return UNCORRECTED_VERSION;
    }
    if (!plan.widened().isEmpty()) {
      return NEAREST_VERSION;
    }
    if (!plan.smoothed().isEmpty()) {
      return UNWIDENED_VERSION;
    }
    if (plan.placement().isPresent()) {
      return UNSMOOTHED_VERSION;
    }
    if (!plan.target().equals(Targets.DEFAULT.name())) {
      return NO_PLACEMENT_VERSION;
    }
    boolean all = plan.tensors().stream().allMatch(t -> t.channels().size() <= LISTED);
    return all ? ALL_LISTED_VERSION : DEFAULT_TARGET_VERSION;
  }

  /** The smoothed inputs of a plan on one line. */
  public static String formatSmoothed(List<SmoothedInput> inputs) {
    return SmoothedInputJson.format(inputs).toString();
  }

  /**
   * Reads what {@link #formatSmoothed} writes.
   *
   * @throws IllegalArgumentException if it is something else; the message names the key
   */
  public static List<SmoothedInput> parseSmoothed(String json) {
    return SmoothedInputJson.parse(tree(json));
  }

  /** The corrected biases of a plan on one line. */
  public static String formatCorrected(List<CorrectedBias> biases) {
    return CorrectedBiasJson.format(biases).toString();
  }

  /**
   * Reads what {@link #formatCorrected} writes.
   *
   * @throws IllegalArgumentException if it is something else; the message names the key
   */
  public static List<CorrectedBias> parseCorrected(String json) {
    return CorrectedBiasJson.parse(tree(json));
  }

  /** One tensor on one line. */
  static String formatTensor(TensorPlan plan, int listed) {
    return TensorPlanJson.format(plan, listed).toString();
  }

  /**
   * Reads a plan that lists all its scales.
   *
   * @throws IllegalArgumentException if the text is no plan of these versions, or one that
   *     contradicts itself or has scales in a table; the message names tensor and key
   */
  public static QuantPlan parse(String json) {
    return document(json).plan();
  }

  /**
   * Reads a plan but for scales that are not listed.
   *
   * @throws IllegalArgumentException if the text is no plan of these versions; the message names
   *     tensor and key
   */
  public static PlanDocument document(String json) {
    JsonNode root = read(json);
    int version = PlanFields.integer(root, "format-version");
    Set<String> known = new HashSet<>(KEYS);
    if (version > DEFAULT_TARGET_VERSION) {
      known.add(TARGET);
    }
    if (version > NO_PLACEMENT_VERSION) {
      known.add(PLACEMENT);
    }
    if (version > UNSMOOTHED_VERSION) {
      known.add(SMOOTHED);
    }
    if (version > UNWIDENED_VERSION) {
      known.add(WIDENED);
    }
    if (version > NEAREST_VERSION) {
      known.add(GPTQ);
    }
    if (version > UNCORRECTED_VERSION) {
      known.add(CORRECTED);
    }
    TensorPlanJson.refuseUnknown(root, known);
    if (version < 1 || version > FORMAT_VERSION) {
      throw new IllegalArgumentException(
          "Cannot read a plan of format version " + version + ", only 1 to " + FORMAT_VERSION);
    }
    String target = version > DEFAULT_TARGET_VERSION ? target(root) : Targets.DEFAULT.name();
    PlanDocument document =
        new PlanDocument(
            PlanFields.text(root, "recipe"),
            target,
            version == UNSMOOTHED_VERSION || root.has(PLACEMENT)
                ? Optional.of(placement(root, target))
                : Optional.empty(),
            PlanFields.text(root, "model-sha256"),
            version > UNWIDENED_VERSION ? widened(root) : List.of(),
            PlanFields.text(root, "statistics-sha256"),
            version > UNSMOOTHED_VERSION ? smoothed(root, version) : List.of(),
            root.has(GPTQ) ? Optional.of(gptq(root, version)) : Optional.empty(),
            version > UNCORRECTED_VERSION ? corrected(root, version) : List.of());
    for (JsonNode node : PlanFields.array(root, "tensors")) {
      document.add(node, version > ALL_LISTED_VERSION);
    }
    return document;
  }

  /**
   * Reads one tensor.
   *
   * @param source asked for scales that are not listed
   * @throws IllegalArgumentException as {@link #parse}
   */
  static TensorPlan parseTensor(String json, TensorPlanJson.ScaleSource source) {
    return TensorPlanJson.parse(read(json), source);
  }

  private static String target(JsonNode root) {
    String name = PlanFields.text(root, TARGET);
    if (!Targets.names().contains(name)) {
      throw new IllegalArgumentException(
          "Invalid plan: unknown target '%s'; known are %s".formatted(name, Targets.names()));
    }
    return name;
  }

  private static GptqPlan gptq(JsonNode root, int version) {
    GptqPlan plan = GptqPlanJson.parse(root.get(GPTQ));
    if (version < UNSHIFTED_VERSION && !plan.plain()) {
      throw new IllegalArgumentException(
          "Invalid plan: key 'gptq' has a matrix, a bias or weights rounded to nearest before"
              + " format version "
              + UNSHIFTED_VERSION);
    }
    return plan;
  }

  private static List<SmoothedInput> smoothed(JsonNode root, int version) {
    List<SmoothedInput> inputs = SmoothedInputJson.parse(PlanFields.array(root, SMOOTHED));
    if (version <= UNSHIFTED_VERSION
        && !inputs.stream().allMatch(input -> input.offsets().isEmpty())) {
      throw new IllegalArgumentException(
          "Invalid plan: key 'smoothed' has offsets before format version " + LINEAR_VERSION);
    }
    if (version <= UNEQUALIZED_VERSION && !inputs.stream().allMatch(SmoothedInput::plain)) {
      throw new IllegalArgumentException(
          "Invalid plan: key 'smoothed' has an axis or nodes before format version "
              + PRODUCTS_VERSION);
    }
    if (version <= UNFOLDED_VERSION && inputs.stream().anyMatch(SmoothedInput::folded)) {
      throw new IllegalArgumentException(
          "Invalid plan: key 'smoothed' has nodes and the last axis before format version "
              + FORMAT_VERSION);
    }
    return inputs;
  }

  private static List<CorrectedBias> corrected(JsonNode root, int version) {
    List<CorrectedBias> biases = CorrectedBiasJson.parse(PlanFields.array(root, CORRECTED));
    if (version <= UNCOMPENSATED_VERSION
        && !biases.stream().allMatch(bias -> bias.gains().isEmpty())) {
      throw new IllegalArgumentException(
          "Invalid plan: key 'corrected' has gains before format version " + UNCOMPARED_VERSION);
    }
    return biases;
  }

  private static List<DType> widened(JsonNode root) {
    List<DType> types = new ArrayList<>();
    for (JsonNode name : PlanFields.array(root, WIDENED)) {
      try {
        types.add(DType.valueOf(name.asText()));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "Invalid plan: key 'widened' has unknown type '%s'".formatted(name.asText()), e);
      }
    }
    return types;
  }

  private static String placement(JsonNode root, String target) {
    String name = PlanFields.text(root, PLACEMENT);
    try {
      return Targets.of(target).placement(name).name();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("Invalid plan: " + e.getMessage(), e);
    }
  }

  private static JsonNode read(String json) {
    JsonNode root = tree(json);
    if (!root.isObject()) {
      throw new IllegalArgumentException("Invalid plan: no JSON object");
    }
    return root;
  }

  private static JsonNode tree(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Invalid plan: " + e.getOriginalMessage(), e);
    }
  }
}
