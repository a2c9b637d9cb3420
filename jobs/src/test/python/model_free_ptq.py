"""Quantizes a checkpoint with llm-compressor and without data, and compares tensors with Tare's.

`model_free_ptq.py SOURCE WORK RECIPE=SCHEME=FOLDER...`: for each recipe, llm-compressor quantizes SOURCE
by its scheme of that name, and FOLDER is what Tare made of SOURCE. Prints for each recipe how many
tensors are equal in name, type, shape and every byte, and the names of the others.
"""

import pathlib
import sys

import torch
from llmcompressor import model_free_ptq
from safetensors.torch import load_file


def tensors(folder):
    found = {}
    for file in sorted(pathlib.Path(folder).glob("*.safetensors")):
        found.update(load_file(file))
    return found


def raw(tensor):
    return tensor.dtype, tuple(tensor.shape), tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes()


source, work = sys.argv[1], pathlib.Path(sys.argv[2])
for each in sys.argv[3:]:
    recipe, scheme, folder = each.split("=")
    target = work / recipe
    model_free_ptq(
        model_stub=source,
        save_directory=str(target),
        scheme=scheme,
        ignore=["lm_head", "model.embed_tokens"],
        device="cpu",
        max_workers=1,
    )
    mine, theirs = tensors(folder), tensors(target)
    equal = [name for name in mine if name in theirs and raw(mine[name]) == raw(theirs[name])]
    others = sorted((set(mine) | set(theirs)) - set(equal))
    print("RESULT", recipe, len(mine), len(theirs), len(equal), *others[:8])
