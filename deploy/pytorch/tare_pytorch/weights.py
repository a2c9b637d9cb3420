"""Puts weights into an ONNX model under the names that it has; needs onnx, and no torch."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any


def replace_weights(
    source: str | pathlib.Path, weights: Mapping[str, Any], target: str | pathlib.Path
) -> None:
    """Writes a copy of a model with other values of some initializers.

    :param weights: arrays of numpy by name
    :raises ValueError: if the model has no such initializer, or one of another shape or type
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load(source)
    initializers = {each.name: each for each in model.graph.initializer}
    for name, values in sorted(weights.items()):
        old = initializers.get(name)
        if old is None:
            raise ValueError(
                f"{source} has no initializer '{name}': export with names kept, by"
                " torch.onnx.export(dynamo=True)"
            )
        new = numpy_helper.from_array(values, name)
        if list(old.dims) != list(new.dims) or old.data_type != new.data_type:
            raise ValueError(
                f"initializer '{name}' of {source} has shape {list(old.dims)} and type"
                f" {old.data_type}, but the weight {list(new.dims)} and {new.data_type}"
            )
        old.CopyFrom(new)
    onnx.save(model, target)
