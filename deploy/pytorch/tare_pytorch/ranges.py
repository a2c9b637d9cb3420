"""Ranges of PyTorch's observers as JSON for `tare select --ranges`.

A prepared model's state has for each observer `NAME.min_val` and `NAME.max_val`; those of the
observer for channels are vectors, whose extremes are the tensor's. An observer is named after its
place in the model, and a tensor of an ONNX model otherwise, so a mapping says which is which:
`observed_nodes` makes it for a model that PT2E has prepared.
"""

from __future__ import annotations

import argparse
import json
import math
import pathlib
import sys
from collections.abc import Mapping
from typing import Any

_MIN = ".min_val"
_MAX = ".max_val"


class RangeError(ValueError):
    """A state, or a mapping of names, that gives no ranges; the message names the observer."""


def _extreme(value: Any, observer: str, pick: Any) -> float:
    flat = value.flatten().tolist() if hasattr(value, "flatten") else value
    numbers = [float(each) for each in flat] if isinstance(flat, list) else [float(flat)]
    if not numbers:
        raise RangeError(f"observer '{observer}' has seen no value")
    if any(math.isnan(each) for each in numbers):
        raise RangeError(f"observer '{observer}' has a range with NaN")
    extreme: float = pick(numbers)
    if math.isinf(extreme):
        raise RangeError(f"observer '{observer}' has seen no value, or an infinite one")
    return extreme


def observers_of(state: Mapping[str, Any]) -> list[str]:
    """Names of the observers in a state, sorted."""
    return sorted(key[: -len(_MIN)] for key in state if key.endswith(_MIN))


def ranges_of(
    state: Mapping[str, Any], names: Mapping[str, str]
) -> dict[str, tuple[float, float]]:
    """Ranges by tensor of the ONNX model, sorted.

    :param state: what `state_dict()` of the prepared model gave
    :param names: tensors of the ONNX model by observer; observers without an entry are left out
    :raises RangeError: if an observer is missing or saw nothing, or two are the same tensor
    """
    known = observers_of(state)
    ranges: dict[str, tuple[float, float]] = {}
    for observer in sorted(names):
        if observer not in known:
            raise RangeError(
                f"there is no observer '{observer}'; there are: {', '.join(known[:8]) or 'none'}"
            )
        if observer + _MAX not in state:
            raise RangeError(f"observer '{observer}' has a min_val and no max_val")
        low = _extreme(state[observer + _MIN], observer, min)
        high = _extreme(state[observer + _MAX], observer, max)
        if low > high:
            raise RangeError(f"observer '{observer}' has min_val {low} above max_val {high}")
        tensor = names[observer]
        if ranges.setdefault(tensor, (low, high)) != (low, high):
            raise RangeError(f"two observers have different ranges of tensor '{tensor}'")
    return dict(sorted(ranges.items()))


def format_ranges(ranges: Mapping[str, tuple[float, float]]) -> str:
    """JSON as `tare select --ranges` reads it; the same ranges give the same bytes."""
    tree = {
        "format-version": 1,
        "ranges": {name: {"min": low, "max": high} for name, (low, high) in sorted(ranges.items())},
    }
    return json.dumps(tree, indent=2, allow_nan=False) + "\n"


def observed_nodes(prepared: Any) -> dict[str, str]:
    """Names of the nodes that a prepared graph's observers look at, by observer.

    `torch.onnx.export(dynamo=True)` calls the tensors of an ONNX model by the same names.
    """
    names: dict[str, str] = {}
    for node in prepared.graph.nodes:
        if node.op == "call_module" and str(node.target).startswith("activation_post_process"):
            observed = node.args[0]
            if observed.op != "get_attr":
                names[str(node.target)] = observed.name
    return names


def main(arguments: list[str] | None = None) -> int:
    """The command `tare-ranges`."""
    parser = argparse.ArgumentParser(prog="tare-ranges", description=__doc__.splitlines()[0])
    parser.add_argument("state", help="file that torch.save wrote of a state_dict")
    parser.add_argument("--names", required=True, help="JSON: ONNX tensor by observer")
    parser.add_argument("--out", required=True, help="file for tare select --ranges")
    options = parser.parse_args(arguments)
    import pickle

    import torch

    try:
        try:
            # A pickle runs code; this unpickler knows tensors alone.
            state = torch.load(options.state, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            raise RangeError(f"{options.state} is no state_dict of tensors alone") from error
        names = json.loads(pathlib.Path(options.names).read_text(encoding="utf-8"))
        text = format_ranges(ranges_of(state, names))
    except (RangeError, OSError, ValueError) as error:
        print(f"tare-ranges: error: {error}", file=sys.stderr)
        return 3
    pathlib.Path(options.out).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
