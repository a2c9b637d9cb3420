package dev.tare.engine.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.quant.Codebook;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.recipe.Words;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Reads and writes one tensor in a plan's JSON; called through {@link QuantPlanJson}. */
final class TensorPlanJson {

  /** How many scales a tensor has whose scales are not listed. */
  static final String POINTER = "scales-in-table";

  private static final String CODEBOOK = "codebook";
  private static final String POWER_OF_TWO = "power-of-two";
  private static final String MIN_MAX = "min-max";

  /** Supplies the scales of a tensor that are not listed. */
  @FunctionalInterface
  interface ScaleSource {
    ScaleColumns of(Target target, boolean blocks, int count);
  }

  private static final Set<String> KEYS =
      Set.of(
          "tensor",
          "role",
          "format",
          "quantized",
          "reason",
          "consumers",
          "shape",
          "type",
          "symmetric",
          "narrow-range",
          "reduce-range",
          POWER_OF_TWO,
          "method",
          "decided-by",
          "axis",
          "block-size",
          "low",
          "high",
          "scale",
          "zero-point",
          "clipped-share",
          "expected-sqnr-db",
          CODEBOOK,
          MIN_MAX,
          POINTER);

  private static final List<String> ERRORS = List.of("clipped-share", "expected-sqnr-db");

  private static final List<String> COLUMNS =
      List.of("zero-point", "low", "high", "clipped-share", "expected-sqnr-db");

  private TensorPlanJson() {}

  /**
   * The JSON of one tensor.
   *
   * @param listed how many scales may be listed; of a tensor with more, only their number is told
   */
  static ObjectNode format(TensorPlan plan, int listed) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("tensor", plan.tensor());
    node.put("role", Words.of(plan.role()));
    node.put("format", Words.of(plan.format()));
    node.put("quantized", plan.quantized());
    plan.floatReason().ifPresent(reason -> node.put("reason", reason));
    ArrayNode consumers = node.putArray("consumers");
    plan.consumers().forEach(consumers::add);
    if (plan.shape().isPresent()) {
      ArrayNode dims = node.putArray("shape");
      plan.shape().get().dims().forEach(dims::add);
    }
    node.put("type", Words.of(plan.type()));
    node.put("symmetric", plan.target().symmetric());
    node.put("narrow-range", plan.target().narrowRange());
    node.put("reduce-range", plan.target().reduceRange());
    if (plan.target().powerOfTwo()) {
      node.put(POWER_OF_TWO, true);
    }
    node.put("method", plan.method());
    node.put("decided-by", plan.decidedBy());
    plan.axis().ifPresent(axis -> node.put("axis", axis));
    plan.granularity().blockSize().ifPresent(size -> node.put("block-size", size));
    if (plan.channels().size() > listed) {
      node.put(POINTER, plan.channels().size());
    } else if (!plan.channels().isEmpty()) {
      channels(plan, node);
    }
    plan.channels()
        .unclipped()
        .ifPresent(range -> node.set(MIN_MAX, UnclippedRangeJson.format(range)));
    if (!plan.channels().codebooks().isEmpty()) {
      ArrayNode tables = node.putArray(CODEBOOK);
      for (Codebook each : plan.channels().codebooks()) {
        ArrayNode table = tables.addArray();
        for (float number : each.numbers()) {
          table.add(number);
        }
      }
    }
    return node;
  }

  private static void channels(TensorPlan plan, ObjectNode node) {
    ScaleColumns scales = plan.channels();
    boolean blocks = plan.granularity().blockSize().isPresent();
    if (!blocks) {
      ArrayNode low = node.putArray("low");
      ArrayNode high = node.putArray("high");
      for (int c = 0; c < scales.size(); c++) {
        low.add(scales.low(c));
        high.add(scales.high(c));
      }
    }
    ArrayNode scale = node.putArray("scale");
    ArrayNode zeroPoint = node.putArray("zero-point");
    for (int c = 0; c < scales.size(); c++) {
      scale.add(scales.scale(c));
      zeroPoint.add(scales.zeroPoint(c));
    }
    ArrayNode clipped = node.putArray("clipped-share");
    ArrayNode sqnr = node.putArray("expected-sqnr-db");
    for (int c = 0; c < (blocks ? 1 : scales.size()); c++) {
      clipped.add(scales.clippedShare(c));
      sqnr.add(scales.expectedSqnrDb(c));
    }
  }

  static boolean pointsToTable(JsonNode node) {
    return node.has(POINTER);
  }

  /** Takes the scales of a tensor that are not listed. */
  static GivenScales pointer(JsonNode node) {
    refuseUnknown(node, KEYS);
    return GivenScales.elsewhere(
        PlanFields.text(node, "tensor"),
        choice(node, "role", Role.values()),
        choice(node, "format", Format.values()),
        target(node),
        granularity(node).blockSize().isPresent(),
        count(node));
  }

  private static int count(JsonNode node) {
    int count = PlanFields.integer(node, POINTER);
    boolean beside = node.has("scale") || COLUMNS.stream().anyMatch(node::has);
    if (count < 1 || beside) {
      throw new IllegalArgumentException(
          "Invalid plan: '%s' is %d%s"
              .formatted(POINTER, count, beside ? ", and there are scales beside it" : ""));
    }
    return count;
  }

  /** Reads a tensor whose scales are listed, or which has none. */
  static TensorPlan parse(JsonNode node) {
    return parse(
        node,
        (target, blocks, count) -> {
          throw new IllegalArgumentException("Invalid plan: its scales are not listed");
        });
  }

  /**
   * Reads a tensor.
   *
   * @param source asked where scales are not listed
   */
  static TensorPlan parse(JsonNode node, ScaleSource source) {
    refuseUnknown(node, KEYS);
    boolean quantized = PlanFields.flag(node, "quantized");
    boolean scaled = node.has("scale") || pointsToTable(node);
    if (quantized == node.has("reason") || (!quantized && scaled)) {
      throw new IllegalArgumentException(
          "Invalid plan: 'quantized' is %s, and there is %s"
              .formatted(quantized, quantized ? "a 'reason'" : "a 'scale' or no 'reason'"));
    }
    Target target = target(node);
    Granularity granularity = granularity(node);
    ScaleColumns scales = ScaleColumns.none();
    if (node.has("scale")) {
      scales = channels(node, target, granularity);
    } else if (pointsToTable(node)) {
      scales = source.of(target, granularity.blockSize().isPresent(), count(node));
    }
    if (node.has(CODEBOOK)) {
      scales = scales.with(codebooks(node));
    } else if (target.type().learned() && !scales.isEmpty()) {
      throw new IllegalArgumentException("Invalid plan: '" + CODEBOOK + "' is missing");
    }
    if (node.has(MIN_MAX)) {
      scales = scales.with(UnclippedRangeJson.parse(node.get(MIN_MAX)));
    }
    return new TensorPlan(
        PlanFields.text(node, "tensor"),
        choice(node, "role", Role.values()),
        node.has("format") ? choice(node, "format", Format.values()) : Format.QDQ,
        PlanFields.texts(node, "consumers"),
        quantized ? Optional.empty() : Optional.of(PlanFields.text(node, "reason")),
        node.has("shape")
            ? Optional.of(new Shape(PlanFields.sizes(node, "shape")))
            : Optional.empty(),
        target,
        ScaleOrigin.parse(PlanFields.text(node, "method")),
        node.has("decided-by") ? PlanFields.text(node, "decided-by") : Recipe.BASE,
        granularity,
        scales);
  }

  private static List<Codebook> codebooks(JsonNode node) {
    List<Codebook> tables = new ArrayList<>();
    for (JsonNode table : PlanFields.array(node, CODEBOOK)) {
      float[] numbers = new float[table.size()];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = table.get(i).isNumber() ? table.get(i).floatValue() : Float.NaN;
      }
      tables.add(new Codebook(numbers));
    }
    return tables;
  }

  private static Target target(JsonNode node) {
    return new Target(
        choice(node, "type", QuantType.values()),
        PlanFields.flag(node, "symmetric"),
        PlanFields.flag(node, "narrow-range"),
        PlanFields.flag(node, "reduce-range"),
        node.has(POWER_OF_TWO) && PlanFields.flag(node, POWER_OF_TWO));
  }

  private static Granularity granularity(JsonNode node) {
    return new Granularity(
        PlanFields.optionalInteger(node, "axis"), PlanFields.optionalInteger(node, "block-size"));
  }

  private static ScaleColumns channels(JsonNode node, Target target, Granularity granularity) {
    boolean blocks = granularity.blockSize().isPresent();
    int scales = PlanFields.array(node, "scale").size();
    requireSizes(node, scales, blocks ? List.of("zero-point") : COLUMNS);
    requireSizes(node, Math.min(1, scales), blocks ? ERRORS : List.of());
    return blocks && scales > 0
        ? blocks(node, target, scales)
        : channels(node, target.type(), scales);
  }

  private static ScaleColumns channels(JsonNode node, QuantType type, int scales) {
    ScaleColumns.Builder channels = new ScaleColumns.Builder(type, scales);
    for (int c = 0; c < scales; c++) {
      QuantParams params =
          new QuantParams(
              type,
              PlanFields.floatAt(node, "scale", c),
              PlanFields.integerAt(node, "zero-point", c));
      double clipped = PlanFields.doubleAt(node, "clipped-share", c);
      double sqnrDb = PlanFields.doubleAt(node, "expected-sqnr-db", c);
      Range range =
          new Range(PlanFields.floatAt(node, "low", c), PlanFields.floatAt(node, "high", c));
      channels.add(new ChannelPlan(range, params, clipped, sqnrDb));
    }
    return channels.build();
  }

  private static ScaleColumns blocks(JsonNode node, Target target, int count) {
    float[] scale = new float[count];
    int[] zeroPoint = new int[count];
    for (int b = 0; b < count; b++) {
      scale[b] = PlanFields.floatAt(node, "scale", b);
      zeroPoint[b] = PlanFields.integerAt(node, "zero-point", b);
    }
    return ScaleColumns.ofBlocks(
        target.type(),
        target.limits(),
        scale,
        zeroPoint,
        PlanFields.doubleAt(node, "clipped-share", 0),
        PlanFields.doubleAt(node, "expected-sqnr-db", 0));
  }

  private static void requireSizes(JsonNode node, int size, List<String> keys) {
    for (String key : keys) {
      int own = PlanFields.array(node, key).size();
      if (own != size) {
        throw new IllegalArgumentException(
            "Invalid plan: '%s' has %d entries, but must have %d".formatted(key, own, size));
      }
    }
  }

  private static <E extends Enum<E>> E choice(JsonNode node, String key, E[] choices) {
    String text = PlanFields.text(node, key);
    for (E choice : choices) {
      if (Words.of(choice).equals(text)) {
        return choice;
      }
    }
    throw new IllegalArgumentException(
        "Invalid plan: '%s' is '%s', expected one of %s"
            .formatted(
                key,
                text,
                Arrays.stream(choices).map(Words::of).collect(Collectors.joining(", "))));
  }

  static JsonNode required(JsonNode node, String key) {
    if (!node.isObject()) {
      throw new IllegalArgumentException("Invalid plan: an object is expected, not " + node);
    }
    JsonNode value = node.get(key);
    if (value == null) {
      throw new IllegalArgumentException("Invalid plan: key '" + key + "' is missing");
    }
    return value;
  }

  static void refuseUnknown(JsonNode node, Set<String> known) {
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "Invalid plan: unknown key '" + name + "'; known are " + new TreeSet<>(known));
      }
    }
  }
}
