"""Quantization-aware training that begins at the scales of a plan."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch.nn.utils import parametrize

from tare_pytorch.fake_quantize import FakeBias, FakeQuantize
from tare_pytorch.plan import Plan, PlanError, Scales
from tare_pytorch.scales import format_scales

_LAYERS = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)
_INPUT = "quantize_input"


def prepare(
    model: torch.nn.Module,
    plan: Plan,
    inputs: Mapping[str, str | None] | None = None,
    learn: bool = True,
) -> dict[str, FakeQuantize]:
    """Puts fake quantization before each layer that a plan quantizes, and on its weight and bias.

    A weight is the tensor `LAYER.weight` of the plan, as exporters of ONNX call it where they keep
    names; an exporter that transposes it has moved the axis, so one axis of a matrix is the rows.

    :param inputs: tensor of the plan at each layer's input, by the layer's name, None where it
        stays float; without it, all layers whose weight the plan quantizes, and the inputs that the
        plan says
    :param learn: whether scales are trained
    :return: the quantizers of inputs, by tensor
    :raises PlanError: if the plan does not quantize one of them, changes the model, or has scales
        that have to stay powers of two while they are trained
    """
    plan.require_same_model()
    inputs = inputs_of(model, plan) if inputs is None else inputs
    quantizers: dict[str, FakeQuantize] = {}
    for name, tensor in inputs.items():
        layer = model.get_submodule(name)
        if not isinstance(layer, _LAYERS):
            raise TypeError(f"layer '{name}' is a {type(layer).__name__}")
        weight = plan.scales(name + ".weight", "weight")
        if weight.axis is not None and len(weight.scale) == layer.weight.shape[0]:
            weight = replace(weight, axis=0)
        if learn:
            _require_free(name + ".weight", weight)
        of_weight = FakeQuantize(weight, layer.weight.dim(), learn)
        parametrize.register_parametrization(layer, "weight", of_weight)
        if tensor is None:
            continue
        if tensor not in quantizers:
            scales = plan.scales(tensor, "activation")
            if learn:
                _require_free(tensor, scales)
            quantizers[tensor] = FakeQuantize(scales, 0, learn)
        quantizer = quantizers[tensor]
        # In the layer, not in the model: a Sequential would run it after its last layer.
        layer.add_module(_INPUT, quantizer)
        layer.register_forward_pre_hook(lambda _, x, q=quantizer: (q(x[0]),))
        if (name + ".bias", "bias") in plan.tensors:
            parametrize.register_parametrization(layer, "bias", FakeBias(quantizer, of_weight))
    return quantizers


def _require_free(tensor: str, scales: Scales) -> None:
    if scales.power_of_two:
        raise PlanError(
            f"scales of '{tensor}' have to be powers of two, which training would not keep: train"
            " with learn=False, or select a recipe with other scales"
        )


def inputs_of(model: torch.nn.Module, plan: Plan) -> dict[str, str | None]:
    """The tensor of a plan at each layer's input, for layers whose weight it quantizes.

    None stands for an input that stays float.
    """
    return {
        name: plan.input_of(name + ".weight")
        for name, layer in model.named_modules()
        if isinstance(layer, _LAYERS) and (name + ".weight", "weight") in plan.tensors
    }


def learned_scales(
    model: torch.nn.Module, plan: Plan, quantizers: Mapping[str, FakeQuantize]
) -> dict[str, Scales]:
    """The scales of all activations and weights of a plan: those learned, and the plan's own.

    :param model: a prepared model, not finished yet
    :raises ValueError: if training made one negative or zero
    """
    scales = {name: each for (name, role), each in plan.tensors.items() if role != "bias"}
    scales.update({name: each.learned() for name, each in quantizers.items()})
    for name, layer in model.named_modules():
        if isinstance(layer, _LAYERS) and parametrize.is_parametrized(layer, "weight"):
            (fake,) = layer.get_submodule("parametrizations.weight").children()
            if isinstance(fake, FakeQuantize):
                scales[name + ".weight"] = fake.learned()
    return scales


def write_back(
    model: torch.nn.Module,
    plan: Plan,
    quantizers: Mapping[str, FakeQuantize],
    source: str | pathlib.Path,
    folder: str | pathlib.Path,
) -> None:
    """Writes what was learned for Tare, and finishes the model: its weights are the quantized ones.

    In the folder are then `scales.json` for `tare select --ranges`, `model.onnx`, which is the
    source with the new weights and biases, and `model.safetensors`, the model's state.

    :param source: the ONNX model that the plan is of
    """
    from safetensors.torch import save_file

    from tare_pytorch.weights import replace_weights

    text = format_scales(learned_scales(model, plan, quantizers))
    finish(model)
    state = {name: value.detach().contiguous() for name, value in model.state_dict().items()}
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: state[name].numpy() for name, _ in model.named_parameters()}
    replace_weights(source, weights, folder / "model.onnx")
    save_file(state, folder / "model.safetensors")
    (folder / "scales.json").write_text(text, encoding="utf-8")


def finish(model: torch.nn.Module) -> None:
    """Makes the quantized weights the weights, and takes fake quantization away."""
    for layer in list(model.modules()):
        if isinstance(layer, _LAYERS) and parametrize.is_parametrized(layer, "weight"):
            # The bias first: its steps follow from the weight's.
            for tensor in ["bias", "weight"]:
                if parametrize.is_parametrized(layer, tensor):
                    parametrize.remove_parametrizations(layer, tensor, leave_parametrized=True)
            if hasattr(layer, _INPUT):
                layer._forward_pre_hooks.clear()
                delattr(layer, _INPUT)
