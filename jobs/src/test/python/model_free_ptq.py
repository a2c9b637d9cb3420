"""Quantizes a checkpoint with llm-compressor and without data, and compares tensors with Tare's.

`model_free_ptq.py SOURCE WORK RECIPE=SCHEME=FOLDER...`: for each recipe, llm-compressor quantizes SOURCE
by its scheme of that name, or by several, each for the modules that an expression matches
(`SCHEME@EXPRESSION,SCHEME@EXPRESSION`), and FOLDER is what Tare made of SOURCE. Prints for each recipe how many
tensors are equal in name, type, shape and every byte, and the names of the others; then the formats that both
configurations name.
"""

import json
import pathlib
import sys

import torch
from compressed_tensors.quantization import QuantizationConfig
from llmcompressor import model_free_ptq
from safetensors.torch import load_file


def tensors(folder):
    found = {}
    for file in sorted(pathlib.Path(folder).glob("*.safetensors")):
        found.update(load_file(file))
    return found


def raw(tensor):
    return tensor.dtype, tuple(tensor.shape), tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes()


def formats(folder):
    """The format of a checkpoint, and those of its groups."""
    settings = json.loads((pathlib.Path(folder) / "config.json").read_text())["quantization_config"]
    groups = {group.get("format") for group in settings["config_groups"].values()}
    return [settings["format"], *sorted(groups - {None, settings["format"]})]


def asked(scheme):
    if "@" not in scheme:
        return {"scheme": scheme}
    parts = [part.split("@") for part in scheme.split(",")]
    return {"config": QuantizationConfig(config_groups={name: [target] for name, target in parts})}


source, work = sys.argv[1], pathlib.Path(sys.argv[2])
for each in sys.argv[3:]:
    recipe, scheme, folder = each.split("=")
    target = work / recipe
    model_free_ptq(
        model_stub=source,
        save_directory=str(target),
        **asked(scheme),
        ignore=["lm_head", "model.embed_tokens"],
        device="cpu",
        max_workers=1,
    )
    mine, theirs = tensors(folder), tensors(target)
    equal = [name for name in mine if name in theirs and raw(mine[name]) == raw(theirs[name])]
    others = sorted((set(mine) | set(theirs)) - set(equal))
    print("RESULT", recipe, len(mine), len(theirs), len(equal), *others[:8])
    print("FORMATS", recipe, formats(folder) == formats(target), formats(folder))
