package dev.tare.engine.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.recipe.Words;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The section {@code quantization_config} of a {@code config.json}, by which transformers and vLLM
 * know how a checkpoint was quantized (compressed_tensors/quantization/quant_config.py,
 * quant_args.py). Keys that older loaders refuse are left out.
 */
public final class CompressedTensorsConfig {

  private static final String KEY = "quantization_config";
  private static final String OUTPUTS = "output_activations";

  /** The format of a checkpoint whose groups have formats of their own. */
  private static final String MIXED = "mixed-precision";

  /** A head that shares the embedding's weight is a linear layer without a tensor of its own. */
  private static final String ANY_HEAD = "re:.*lm_head";

  /** Architectures of transformers whose layers are Conv1D, [in, out], and not linear. */
  private static final Set<String> TRANSPOSED =
      Set.of("gpt2", "openai-gpt", "imagegpt", "decision_transformer");

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // Python writes Infinity, and configurations of Mamba have it.
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private CompressedTensorsConfig() {}

  /**
   * Adds the section to a configuration, whose text otherwise stays as it is.
   *
   * @throws IllegalArgumentException if the text is not a JSON object, or has such a section
   *     already
   */
  public static String addTo(String config, CheckpointPlan plan) {
    return addTo(config, section(plan));
  }

  /** The same for weights of a plan for a graph. */
  public static String addTo(String config, LinearLayers layers) {
    return addTo(config, section(layers));
  }

  private static String addTo(String config, ObjectNode added) {
    ObjectNode root;
    try {
      if (!(MAPPER.readTree(config) instanceof ObjectNode object)) {
        throw new IllegalArgumentException("it is not a JSON object");
      }
      root = object;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("it is not valid JSON: " + e.getOriginalMessage(), e);
    }
    if (root.hasNonNull(KEY)) {
      throw new IllegalArgumentException(
          "it has a %s: the checkpoint is quantized already".formatted(KEY));
    }
    if (root.has(KEY)) {
      throw new IllegalArgumentException("it has an empty %s: remove it".formatted(KEY));
    }
    String family = root.path("model_type").asText("");
    if (TRANSPOSED.contains(family)) {
      throw new IllegalArgumentException(
          "models of type %s have transposed weights, which no loader takes quantized"
              .formatted(family));
    }
    String before = config.substring(0, config.lastIndexOf('}')).stripTrailing();
    String section = added.toPrettyString().replace("\r\n", "\n").replace("\n", "\n  ");
    return before + (root.isEmpty() ? "" : ",") + "\n  \"" + KEY + "\": " + section + "\n}\n";
  }

  /**
   * One group for each scheme. Where there are several, they name their layers: loaders look for
   * names before classes, but a joined layer, such as vLLM's qkv_proj, is of the class Linear too.
   */
  static ObjectNode section(CheckpointPlan plan) {
    Map<WeightScheme, List<String>> groups = new LinkedHashMap<>();
    plan.schemes()
        .forEach(
            (module, scheme) ->
                groups.computeIfAbsent(scheme.asStored(), each -> new ArrayList<>()).add(module));
    List<CompressionFormat> formats =
        groups.keySet().stream().map(WeightScheme::format).distinct().toList();
    List<ObjectNode> layers = new ArrayList<>();
    groups.forEach(
        (scheme, modules) -> {
          ObjectNode group = MAPPER.createObjectNode();
          ArrayNode targets = group.putArray("targets");
          if (groups.size() == 1) {
            targets.add("Linear");
          } else {
            ModuleTargets.of(modules, plan.schemes().keySet()).forEach(targets::add);
          }
          group(group, scheme);
          if (formats.size() > 1) {
            group.put("format", Words.of(scheme.format()));
          }
          layers.add(group);
        });
    String format = formats.size() == 1 ? Words.of(formats.get(0)) : MIXED;
    return section(layers, format, plan.left().keySet());
  }

  private static void group(ObjectNode layers, WeightScheme scheme) {
    String type = scheme.type().isInteger() ? "int" : "float";
    ObjectNode weights = layers.putObject("weights");
    weights.put("num_bits", scheme.bits());
    weights.put("type", type);
    weights.put("symmetric", scheme.symmetric());
    if (scheme.groupRows() > 1) {
      weights.put("strategy", "block");
      weights
          .putArray("block_structure")
          .add(scheme.groupRows())
          .add(scheme.groupSize().getAsInt());
    } else {
      String group = scheme.hasTensorScale() ? "tensor_group" : "group";
      weights.put("strategy", scheme.groupSize().isPresent() ? group : "channel");
      scheme.groupSize().ifPresent(size -> weights.put("group_size", size));
    }
    weights.put("dynamic", false);
    switch (scheme.format()) {
      case MXFP4_PACK_QUANTIZED -> weights.put("scale_dtype", "torch.uint8");
      case NVFP4_PACK_QUANTIZED -> weights.put("scale_dtype", "torch.float8_e4m3fn");
      default -> {
        // Scales are of the weight's type, and older loaders refuse the key.
      }
    }
    inputs(layers, scheme, type);
    layers.putNull(OUTPUTS);
  }

  static ObjectNode section(LinearLayers plan) {
    ObjectNode layers = MAPPER.createObjectNode();
    layers.putArray("targets").add("Linear");
    layers
        .putObject("weights")
        .put("num_bits", 8)
        .put("type", "int")
        .put("symmetric", true)
        .put("strategy", "channel")
        .put("dynamic", false);
    if (plan.inputs()) {
      layers
          .putObject("input_activations")
          .put("num_bits", 8)
          .put("type", "int")
          .put("symmetric", plan.symmetricInputs())
          .put("strategy", "tensor")
          .put("dynamic", false);
    } else {
      layers.putNull("input_activations");
    }
    layers.putNull(OUTPUTS);
    return section(List.of(layers), Words.of(plan.format()), plan.left());
  }

  private static ObjectNode section(
      List<ObjectNode> layers, String format, Collection<String> left) {
    ObjectNode root = MAPPER.createObjectNode();
    ObjectNode groups = root.putObject("config_groups");
    layers.forEach(group -> groups.set("group_" + groups.size(), group));
    root.put("format", format);
    root.putNull("global_compression_ratio");
    ArrayNode ignore = root.putArray("ignore");
    ignore.add(ANY_HEAD);
    left.forEach(ignore::add);
    root.putNull("kv_cache_scheme");
    root.put("quant_method", "compressed-tensors");
    root.put("quantization_status", "compressed");
    return root;
  }

  private static void inputs(ObjectNode group, WeightScheme scheme, String type) {
    if (scheme.inputs() == WeightScheme.Inputs.FLOAT) {
      group.putNull("input_activations");
      return;
    }
    boolean grouped = scheme.inputs() == WeightScheme.Inputs.DYNAMIC_GROUP;
    ObjectNode inputs =
        group
            .putObject("input_activations")
            .put("num_bits", 8)
            .put("type", type)
            .put("symmetric", true)
            .put("strategy", grouped ? "group" : "token");
    if (grouped) {
      inputs.put("group_size", scheme.groupSize().getAsInt());
    }
    inputs.put("dynamic", true);
  }
}
