"""Quantizes a weight with compressed-tensors itself and writes what it stores, for a test without it.

Made with torch 2.15.0 and compressed-tensors 0.20.0:
python compressed_tensors_golden.py ../resources/dev/tare/engine/checkpoint/golden.safetensors
"""

import sys

import torch
from compressed_tensors.compressors import BaseCompressor
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from compressed_tensors.quantization.lifecycle.forward import fake_quantize
from compressed_tensors.quantization.utils import calculate_qparams, generate_gparam, maybe_pad_tensor_for_block_quant
from safetensors.torch import save_file

KINDS = {
    "w4-g32": ("pack-quantized", dict(num_bits=4, symmetric=True, strategy="group", group_size=32)),
    "w4-g128-asym": ("pack-quantized", dict(num_bits=4, symmetric=False, strategy="group", group_size=128)),
    "w4": ("pack-quantized", dict(num_bits=4, symmetric=True, strategy="channel")),
    "w8": ("pack-quantized", dict(num_bits=8, symmetric=True, strategy="channel")),
    "w8-g64-asym": ("pack-quantized", dict(num_bits=8, symmetric=False, strategy="group", group_size=64)),
    "w8-int": ("int-quantized", dict(num_bits=8, symmetric=True, strategy="channel")),
    "fp8": ("float-quantized", dict(num_bits=8, symmetric=True, strategy="channel", type="float")),
    "fp8-b16x32": (
        "float-quantized",
        dict(num_bits=8, symmetric=True, strategy="block", block_structure=[16, 32], type="float"),
    ),
    "mxfp4": (
        "mxfp4-pack-quantized",
        dict(num_bits=4, symmetric=True, strategy="group", group_size=32, type="float", scale_dtype=torch.uint8),
    ),
    "nvfp4": (
        "nvfp4-pack-quantized",
        dict(
            num_bits=4,
            symmetric=True,
            strategy="tensor_group",
            group_size=16,
            type="float",
            scale_dtype=torch.float8_e4m3fn,
        ),
    ),
}


def groups(weight, args):
    """Values that share a scale along the last axis."""
    if args.block_structure is None:
        return weight.unflatten(1, (-1, args.group_size or weight.shape[1]))
    padded = maybe_pad_tensor_for_block_quant(weight, args.block_structure)
    height, width = args.block_structure
    return padded.unflatten(1, (-1, width)).unflatten(0, (-1, height)).transpose(1, 2).flatten(2)


generator = torch.Generator().manual_seed(18)
weight = torch.randn(20, 128, generator=generator) * 0.05
weight[3, 7] = 1.5
weight[4, :32] = 0
weight[5] = weight[5].abs()
stored = {"weight": weight}
for kind, (name, settings) in KINDS.items():
    args = QuantizationArgs(**{"type": "int", "dynamic": False, **settings})
    scheme = QuantizationScheme(targets=["Linear"], weights=args)
    values = groups(weight, args)
    tensor = generate_gparam(weight.amin(), weight.amax()) if kind == "nvfp4" else None
    scale, zero = calculate_qparams(values.amin(-1), values.amax(-1), args, tensor)
    compressor = BaseCompressor.get_value_from_registry(name)
    state = {"weight": weight.clone(), "weight_scale": scale, "weight_zero_point": zero}
    if tensor is not None:
        state["weight_global_scale"] = tensor
    compressed = compressor.compress(dict(state), scheme)
    if args.symmetric:
        compressed.pop("weight_zero_point", None)
    for key, value in compressed.items():
        stored[f"{kind}.{key}"] = value.contiguous()
    there = compressor.decompress(dict(compressed), scheme)["weight"]
    fake = fake_quantize(weight, scale, zero, args, tensor)
    assert torch.equal(there, fake.to(there.dtype)), kind
save_file(stored, sys.argv[1], {"format": "pt"})
print({key: (value.dtype, tuple(value.shape)) for key, value in stored.items()})
