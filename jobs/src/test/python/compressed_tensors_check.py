"""Decompresses the weights of a folder with compressed-tensors; those of 4 bits it compresses again.

Prints for each weight its name and the sha256 of the decompressed bytes.
"""

import hashlib
import json
import pathlib
import sys

import torch
from compressed_tensors.compressors import BaseCompressor
from compressed_tensors.quantization import QuantizationConfig
from compressed_tensors.utils.match import match_targets
from safetensors.torch import load_file

folder = pathlib.Path(sys.argv[1])
settings = json.loads((folder / "config.json").read_text())["quantization_config"]
config = QuantizationConfig.model_validate(settings)
targets = {target: scheme for scheme in config.config_groups.values() for target in scheme.targets}
linear = torch.nn.Linear(1, 1)
tensors = {}
for file in sorted(folder.glob("*.safetensors")):
    tensors.update(load_file(file))
modules = sorted(name[: -len(".weight_scale")] for name in tensors if name.endswith(".weight_scale"))
assert modules and not set(modules) & set(config.ignore)
for module in modules:
    matched = match_targets(module, linear, targets)
    assert len(matched) == 1, (module, matched)
    scheme = targets[matched[0]]
    compressor = BaseCompressor.get_value_from_registry(scheme.format or config.format)
    assert compressor.can_compress(torch.nn.Linear, scheme)
    stored = {
        name[len(module) + 1 :]: tensor
        for name, tensor in tensors.items()
        if name.startswith(module + ".weight")
    }
    assert set(compressor.compression_param_names(scheme)) <= set(stored) | {"weight_zero_point", "weight_g_idx"}
    weight = compressor.decompress(dict(stored), scheme)
    if scheme.weights.num_bits == 4:
        # With 8 bits the library rounds quotients to BF16 before it rounds them to integers.
        again = compressor.compress(dict(weight), scheme)
        if scheme.weights.type == "float":
            # The sign of a zero, which the library stores, is lost when it compresses a zero.
            again = compressor.decompress(again, scheme)
            assert torch.equal(again["weight"], weight["weight"]), module
            stored = {}
        for name in ("weight_packed", "weight_zero_point"):
            if name in stored:
                assert torch.equal(again[name], stored[name]), (module, name)
    raw = weight["weight"].contiguous().view(torch.uint8).numpy().tobytes()
    print(module, weight["weight"].dtype, hashlib.sha256(raw).hexdigest())
