"""A small Llama: `make FOLDER` writes it, `check FOLDER QUANTIZED...` loads its quantized forms.

It is in BF16 and in several files; `make FOLDER float32` writes it in F32 and in one.

transformers loads each one. The weights that it computes with must be those that are decoded here
from the stored integers, without compressed-tensors, and its logits must be those of the float
model with these weights, to the last bit. Where inputs are quantized as well, each linear layer's
input is rounded here per token, or per group, symmetric, to 8 bits.
"""

import json
import pathlib
import re
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

TOKENS = torch.arange(48).reshape(2, 24) * 5 % 128


def make(folder, alone=False):
    torch.manual_seed(11)
    config = LlamaConfig(
        hidden_size=256,
        intermediate_size=512,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        vocab_size=128,
        tie_word_embeddings=False,
        max_position_embeddings=64,
    )
    model = LlamaForCausalLM(config).to(torch.float32 if alone else torch.bfloat16)
    model.save_pretrained(folder, max_shard_size="1GB" if alone else "1MB")


def unpacked(packed, columns, bits):
    """Integers of rows of words of 32 bits, from the low bits up, less 2^(bits - 1)."""
    shifts = torch.arange(0, 32, bits)
    codes = (packed.to(torch.int64).unsqueeze(-1) >> shifts) & ((1 << bits) - 1)
    return codes.reshape(packed.shape[0], -1)[:, :columns] - (1 << (bits - 1))


def float4(packed):
    """Values of float4 (e2m1), two in a byte, the first in its low bits."""
    codes = torch.stack([packed & 15, packed >> 4], -1).reshape(packed.shape[0], -1).long()
    values = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6])
    return torch.cat([values, -values])[codes]


def decoded(tensors, name, scheme):
    """The weight of a layer as float32, from its integers and scales."""
    scales = tensors[name + "_scale"].float()
    if scheme["num_bits"] == 4 and scheme["type"] == "float":
        codes = float4(tensors[name + "_packed"])
        if name + "_global_scale" in tensors:
            scales = scales / tensors[name + "_global_scale"]
        else:
            scales = torch.exp2(scales - 127)
    elif scheme["type"] == "int" and name + "_packed" in tensors:
        rows, columns = tensors[name + "_shape"].tolist()
        codes = unpacked(tensors[name + "_packed"], columns, scheme["num_bits"])
        assert codes.shape == (rows, columns), name
        if name + "_zero_point" in tensors:
            # Packed along the rows.
            zeros = unpacked(tensors[name + "_zero_point"].T, rows, scheme["num_bits"]).T
            codes = codes - zeros.repeat_interleave(columns // zeros.shape[1], 1)
    else:
        codes = tensors[name].float()
    if scheme["strategy"] == "block":
        tall, wide = scheme["block_structure"]
        scales = scales.repeat_interleave(tall, 0)[: codes.shape[0]].repeat_interleave(wide, 1)
    else:
        scales = scales.repeat_interleave(codes.shape[1] // scales.shape[1], 1)
    return codes.float() * scales


def rounded_inputs(kind, group):
    """A hook that rounds a layer's input: each token, or each group of its values, has a scale."""

    def hook(_, inputs):
        shape = inputs[0].shape
        values = inputs[0].reshape(*shape[:-1], -1, group) if group else inputs[0]
        largest = values.abs().amax(-1, keepdim=True)
        most = 127.5 if kind == "int" else 448.0
        scale = (largest.float() / most).to(values.dtype)
        scale = torch.where(scale == 0, torch.finfo(values.dtype).eps, scale)
        steps = values / scale
        if kind == "int":
            codes = steps.clamp(-128, 127).round()
        else:
            codes = steps.clamp(-448, 448).to(torch.float8_e4m3fn).to(values.dtype)
        return ((codes * scale).reshape(shape),)

    return hook


def group_of(settings, module):
    """The group whose targets name a module, or that has all linear layers."""

    def names(target):
        return target in ("Linear", module) or target[:3] == "re:" and re.match(target[3:], module)

    groups = [g for g in settings["config_groups"].values() if any(map(names, g["targets"]))]
    assert len(groups) == 1, (module, groups)
    return groups[0]


def fake_quantized(source, folder):
    """The float model with the weights of a quantized one, and inputs rounded as it says.

    :return: the model, and how many layers it has of these
    """
    settings = json.loads((folder / "config.json").read_text())["quantization_config"]
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        tensors.update(load_file(file))
    layers = sorted(n[: -len("_scale")] for n in tensors if n.endswith(".weight_scale"))
    model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.bfloat16).eval()
    weights = dict(model.named_parameters())
    for name in layers:
        group = group_of(settings, name[: -len(".weight")])
        weights[name].data = decoded(tensors, name, group["weights"]).to(torch.bfloat16)
        if group["input_activations"]:
            layer = model.get_submodule(name[: -len(".weight")])
            hook = rounded_inputs(
                group["weights"]["type"], group["input_activations"].get("group_size")
            )
            layer.register_forward_pre_hook(hook)
    return model, len(layers)


def check(source, folder):
    model, layers = fake_quantized(source, folder)
    loaded = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
    with torch.no_grad():
        expected = model(TOKENS).logits
        logits = loaded(TOKENS).logits
    original = AutoModelForCausalLM.from_pretrained(source, dtype=torch.bfloat16).eval()
    with torch.no_grad():
        before = original(TOKENS).logits
    difference = (logits - expected).abs().max().item()
    away = (logits - before).abs().max().item()
    print(folder.parent.name, layers, difference, away, expected.abs().max().item())


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], sys.argv[3:] == ["float32"])
    else:
        for quantized in sys.argv[3:]:
            check(pathlib.Path(sys.argv[2]), pathlib.Path(quantized))
