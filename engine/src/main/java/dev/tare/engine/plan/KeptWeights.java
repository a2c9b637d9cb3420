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
import dev.tare.engine.range.MinMax;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.recipe.TensorRule;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a recipe's rule gave for the weights of a model, from their extremes: who plans them by an
 * equal rule again need not read them. Law: {@link #plan} returns what {@link WeightPlanner#plan}
 * does, or nothing.
 *
 * <p>As JSON, format version 1: {@code model-sha256}, {@code tare-version}, {@code float-above},
 * and in {@code weights} what {@link QuantPlanJson} says of a tensor but for its scales; of these
 * {@code low} and {@code high}, float32, and {@code expected-sqnr-db}, float64, from which the
 * others follow: little-endian numbers in base64, since a small model has a hundred thousand, which
 * take as long to parse as weights take to read. Equal content gives equal text.
 *
 * <p>Weights in blocks, of learned types and with ranges by other methods are not kept.
 */
public final class KeptWeights {

  /**
   * Channels of all weights together that can be kept: in base64 their errors are a text that
   * Jackson still reads, whatever weight they are of.
   */
  public static final int MOST_CHANNELS = 1_800_000;

  private static final int FORMAT_VERSION = 1;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final String VERSION = "format-version";
  private static final String MODEL = "model-sha256";
  private static final String MADE_BY = "tare-version";
  private static final String FLOAT_ABOVE = "float-above";
  private static final String WEIGHTS = "weights";
  private static final Set<String> KEYS = Set.of(VERSION, MODEL, MADE_BY, FLOAT_ABOVE, WEIGHTS);

  private static final String LOW = "low";
  private static final String HIGH = "high";
  private static final String SQNR = "expected-sqnr-db";

  private static final KeptWeights NONE = new KeptWeights("", "", 0, new TreeMap<>());

  private final String modelSha256;
  private final String madeBy;
  private final double floatAbove;
  private final SortedMap<String, TensorPlan> weights;

  private KeptWeights(
      String modelSha256, String madeBy, double floatAbove, SortedMap<String, TensorPlan> weights) {
    this.modelSha256 = modelSha256;
    this.madeBy = madeBy;
    this.floatAbove = floatAbove;
    this.weights = weights;
  }

  /** Nothing is known. */
  public static KeptWeights none() {
    return NONE;
  }

  /**
   * Keeps what is known of weights.
   *
   * @param modelSha256 of the model whose weights they are
   * @param madeBy version of the program: another one may prepare the model otherwise
   * @param recipe by which they were planned
   * @param plans as {@link WeightPlanner} made them, not yet made to agree with others
   */
  public static KeptWeights of(
      String modelSha256, String madeBy, Recipe recipe, List<TensorPlan> plans) {
    SortedMap<String, TensorPlan> weights = new TreeMap<>();
    plans.stream().filter(KeptWeights::follows).forEach(plan -> weights.put(plan.tensor(), plan));
    return new KeptWeights(modelSha256, madeBy, recipe.floatAbove(), weights);
  }

  /** Whether the plan follows from the extremes of each channel and its error. */
  private static boolean follows(TensorPlan plan) {
    boolean whole = true;
    for (int c = 0; c < plan.channels().size(); c++) {
      whole &= plan.channels().clippedShare(c) == 0;
    }
    return whole
        && plan.method().equals(new MinMax().name())
        && plan.granularity().blockSize().isEmpty()
        && !plan.type().learned();
  }

  public String modelSha256() {
    return modelSha256;
  }

  /** Version of the program that measured the weights, or of a format that this one lacks. */
  public String madeBy() {
    return madeBy;
  }

  /** Names of the weights, sorted. */
  public Set<String> tensors() {
    return weights.keySet();
  }

  /**
   * Plans one weight as the model has it.
   *
   * @param query what the recipe's rules match
   * @return empty if the rule is another one than that which is known, or nothing is
   */
  public Optional<TensorPlan> plan(TensorQuery query, Recipe recipe) {
    TensorPlan known = weights.get(query.tensor());
    if (known == null || recipe.floatAbove() != floatAbove) {
      return Optional.empty();
    }
    Recipe.Decision decision = recipe.decide(query);
    TensorRule rule = decision.rule();
    if (!rule.target().equals(known.target()) || !rule.method().name().equals(known.method())) {
      return Optional.empty();
    }
    if (!known.quantized()) {
      return Optional.of(
          TensorPlan.left(query, known.shape(), decision, known.floatReason().orElseThrow()));
    }
    return rule.granularity(query).equals(known.granularity())
        ? Optional.of(
            TensorPlan.of(query, known.shape(), decision, known.granularity(), known.channels()))
        : Optional.empty();
  }

  /** Formats the document. */
  public String format() {
    ObjectNode root = MAPPER.createObjectNode();
    root.put(VERSION, FORMAT_VERSION);
    root.put(MODEL, modelSha256);
    root.put(MADE_BY, madeBy);
    root.put(FLOAT_ABOVE, floatAbove);
    ArrayNode all = root.putArray(WEIGHTS);
    weights.values().forEach(plan -> all.add(format(plan)));
    try {
      return MAPPER.writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A tree of plain values can be written", e);
    }
  }

  private static ObjectNode format(TensorPlan plan) {
    ObjectNode node = TensorPlanJson.format(plan, 0);
    ScaleColumns scales = plan.channels();
    if (!scales.isEmpty()) {
      node.put(LOW, base64(scales, Float.BYTES, (c, into) -> into.putFloat(scales.low(c))));
      node.put(HIGH, base64(scales, Float.BYTES, (c, into) -> into.putFloat(scales.high(c))));
      node.put(
          SQNR,
          base64(scales, Double.BYTES, (c, into) -> into.putDouble(scales.expectedSqnrDb(c))));
    }
    return node;
  }

  /** Writes the value of a channel. */
  private interface Value {
    void put(int channel, ByteBuffer into);
  }

  private static String base64(ScaleColumns scales, int width, Value value) {
    byte[] bytes = new byte[scales.size() * width];
    ByteBuffer into = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int c = 0; c < scales.size(); c++) {
      value.put(c, into);
    }
    return Base64.getEncoder().encodeToString(bytes);
  }

  /**
   * Reads what {@link #format} wrote. Of a newer version only that is read, and nothing is known.
   *
   * @throws IllegalArgumentException if it is not such a document, or a value is impossible; the
   *     message names the weight
   */
  public static KeptWeights parse(String text) {
    JsonNode root;
    try {
      root = MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("it is not JSON: " + e.getOriginalMessage(), e);
    }
    int version = PlanFields.integer(root, VERSION);
    if (version > FORMAT_VERSION) {
      return new KeptWeights("", VERSION + " " + version, 0, new TreeMap<>());
    }
    TensorPlanJson.refuseUnknown(root, KEYS);
    if (version < 1) {
      throw new IllegalArgumentException("format version %d".formatted(version));
    }
    SortedMap<String, TensorPlan> weights = new TreeMap<>();
    for (JsonNode node : PlanFields.array(root, WEIGHTS)) {
      TensorPlan plan = weight(node);
      if (!follows(plan) || weights.put(plan.tensor(), plan) != null) {
        throw new IllegalArgumentException(
            "weight '%s' is there twice, or its range is not of its extremes"
                .formatted(plan.tensor()));
      }
    }
    return new KeptWeights(
        PlanFields.text(root, MODEL),
        PlanFields.text(root, MADE_BY),
        PlanFields.number(root, FLOAT_ABOVE),
        weights);
  }

  private static TensorPlan weight(JsonNode node) {
    String name = PlanFields.text(node, "tensor");
    List<JsonNode> columns = new ArrayList<>();
    ObjectNode rest = ((ObjectNode) node).deepCopy();
    for (String column : List.of(LOW, HIGH, SQNR)) {
      Optional.ofNullable(rest.remove(column)).ifPresent(columns::add);
    }
    try {
      if (TensorPlanJson.pointsToTable(rest) != (columns.size() == 3)) {
        throw new IllegalArgumentException("its ranges are not there, or not whole");
      }
      TensorPlan plan =
          TensorPlanJson.parse(rest, (target, blocks, count) -> scales(node, target, count));
      long wanted = plan.shape().map(plan.granularity()::paramsShape).orElseThrow().size();
      if (plan.quantized() && wanted != plan.channels().size()) {
        throw new IllegalArgumentException(
            "%d ranges for %d channels".formatted(plan.channels().size(), wanted));
      }
      return plan;
    } catch (RuntimeException e) {
      throw new IllegalArgumentException("weight '%s': %s".formatted(name, e.getMessage()), e);
    }
  }

  private static ScaleColumns scales(JsonNode node, Target target, int count) {
    QuantType type = target.type();
    ScaleColumns.Builder scales = new ScaleColumns.Builder(type, count);
    ByteBuffer low = column(node, LOW, count, Float.BYTES);
    ByteBuffer high = column(node, HIGH, count, Float.BYTES);
    ByteBuffer sqnrDb = column(node, SQNR, count, Double.BYTES);
    for (int c = 0; c < count; c++) {
      Range range = new Range(low.getFloat(), high.getFloat());
      scales.add(new ChannelPlan(range, target.params(range), 0, sqnrDb.getDouble()));
    }
    return scales.build();
  }

  private static ByteBuffer column(JsonNode node, String key, int count, int size) {
    byte[] bytes = Base64.getDecoder().decode(PlanFields.text(node, key));
    if (bytes.length != (long) count * size) {
      throw new IllegalArgumentException("'%s' has not %d entries".formatted(key, count));
    }
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
