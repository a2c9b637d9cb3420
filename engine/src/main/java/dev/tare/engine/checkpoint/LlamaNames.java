package dev.tare.engine.checkpoint;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names of weights in files of llama.cpp (its gguf-py/gguf/tensor_mapping.py) for names in
 * checkpoints of Hugging Face: {@code model.layers.3.mlp.up_proj.weight} is {@code
 * blk.3.ffn_up.weight}; the experts of a layer are one tensor there.
 */
final class LlamaNames {

  private static final Pattern LAYER =
      Pattern.compile("(?:.*\\.)?layers\\.([0-9]+)\\.(.+)\\.weight");
  private static final Pattern EXPERT =
      Pattern.compile("(?:mlp|block_sparse_moe)\\.experts\\.([0-9]{1,6})\\.([a-z0-9_]+)");

  private static final Map<String, String> MODULES =
      Map.ofEntries(
          Map.entry("self_attn.q_proj", "attn_q"),
          Map.entry("self_attn.k_proj", "attn_k"),
          Map.entry("self_attn.v_proj", "attn_v"),
          Map.entry("self_attn.o_proj", "attn_output"),
          Map.entry("self_attn.dense", "attn_output"),
          Map.entry("self_attn.qkv_proj", "attn_qkv"),
          Map.entry("self_attn.q_a_proj", "attn_q_a"),
          Map.entry("self_attn.q_b_proj", "attn_q_b"),
          Map.entry("self_attn.kv_a_proj_with_mqa", "attn_kv_a_mqa"),
          Map.entry("self_attn.kv_b_proj", "attn_kv_b"),
          Map.entry("mlp.gate_proj", "ffn_gate"),
          Map.entry("mlp.up_proj", "ffn_up"),
          Map.entry("mlp.gate_up_proj", "ffn_up"),
          Map.entry("mlp.down_proj", "ffn_down"),
          Map.entry("mlp.fc1", "ffn_up"),
          Map.entry("mlp.fc2", "ffn_down"),
          Map.entry("mlp.shared_expert.gate_proj", "ffn_gate_shexp"),
          Map.entry("mlp.shared_expert.up_proj", "ffn_up_shexp"),
          Map.entry("mlp.shared_expert.down_proj", "ffn_down_shexp"),
          Map.entry("mlp.shared_experts.gate_proj", "ffn_gate_shexp"),
          Map.entry("mlp.shared_experts.up_proj", "ffn_up_shexp"),
          Map.entry("mlp.shared_experts.down_proj", "ffn_down_shexp"));

  private static final Map<String, String> EXPERTS =
      Map.of(
          "gate_proj", "ffn_gate_exps",
          "up_proj", "ffn_up_exps",
          "down_proj", "ffn_down_exps",
          "w1", "ffn_gate_exps",
          "w3", "ffn_up_exps",
          "w2", "ffn_down_exps");

  /**
   * A weight there.
   *
   * @param tensor its name
   * @param expert its number among the experts that the tensor has; empty if it has none
   */
  record Name(String tensor, OptionalInt expert) {}

  private LlamaNames() {}

  /** The name of a weight of a checkpoint; empty if it has none that is known. */
  static Optional<Name> of(String weight) {
    if (weight.equals("lm_head.weight")) {
      return Optional.of(new Name("output.weight", OptionalInt.empty()));
    }
    Matcher layer = LAYER.matcher(weight);
    if (!layer.matches()) {
      return Optional.empty();
    }
    String block = "blk." + layer.group(1) + ".";
    Matcher expert = EXPERT.matcher(layer.group(2));
    if (expert.matches()) {
      int number = Integer.parseInt(expert.group(1));
      return Optional.ofNullable(EXPERTS.get(expert.group(2)))
          .map(name -> new Name(block + name + ".weight", OptionalInt.of(number)));
    }
    return Optional.ofNullable(MODULES.get(layer.group(2)))
        .map(name -> new Name(block + name + ".weight", OptionalInt.empty()));
  }
}
