"""Quantization-aware training that begins at the scales of a plan."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

import torch
from torch.nn.utils import parametrize

from tare_pytorch.fake_quantize import FakeQuantize
from tare_pytorch.plan import Plan, Scales
from tare_pytorch.ranges import format_ranges

_LAYERS = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)


def prepare(
    model: torch.nn.Module, plan: Plan, inputs: Mapping[str, str], learn: bool = True
) -> dict[str, FakeQuantize]:
    """Puts fake quantization before each layer that a plan quantizes, and on its weight.

    A weight is the tensor `LAYER.weight` of the plan, as exporters of ONNX call it where they keep
    names; an exporter that transposes it has moved the axis, so one axis of a matrix is the rows.

    :param inputs: tensor of the plan at each layer's input, by the layer's name
    :param learn: whether scales are trained
    :return: the quantizers of inputs, by tensor
    :raises PlanError: if the plan does not quantize one of them
    """
    quantizers: dict[str, FakeQuantize] = {}
    for name, tensor in inputs.items():
        layer = model.get_submodule(name)
        if not isinstance(layer, _LAYERS):
            raise TypeError(f"layer '{name}' is a {type(layer).__name__}")
        weight = plan.scales(name + ".weight", "weight")
        if weight.axis is not None and len(weight.scale) == layer.weight.shape[0]:
            weight = Scales(
                weight.type, weight.qmin, weight.qmax, weight.scale, weight.zero_point, 0
            )
        parametrize.register_parametrization(
            layer, "weight", FakeQuantize(weight, layer.weight.dim(), learn)
        )
        if tensor not in quantizers:
            quantizers[tensor] = FakeQuantize(plan.scales(tensor, "activation"), 0, learn)
            model.add_module("quantize_" + tensor.replace(".", "_"), quantizers[tensor])
        quantizer = quantizers[tensor]
        layer.register_forward_pre_hook(lambda _, x, q=quantizer: (q(x[0]),))
    return quantizers


def finish(model: torch.nn.Module) -> None:
    """Makes the quantized weights the weights, and takes fake quantization away."""
    for layer in list(model.modules()):
        if isinstance(layer, _LAYERS) and parametrize.is_parametrized(layer, "weight"):
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
            layer._forward_pre_hooks.clear()
    for name in [each for each, _ in model.named_children() if each.startswith("quantize_")]:
        delattr(model, name)


def write_ranges(quantizers: Mapping[str, FakeQuantize], path: str | pathlib.Path) -> None:
    """Writes the learned ranges of activations for `tare select --ranges`."""
    ranges = {name: quantizer.learned().range() for name, quantizer in quantizers.items()}
    pathlib.Path(path).write_text(format_ranges(ranges), encoding="utf-8")
