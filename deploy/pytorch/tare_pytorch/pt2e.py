"""Loads a plan into torchao's PT2E quantization: scales are the plan's, nothing is observed.

Weights become exactly Tare's integers, and the numbers that they stand for exactly Tare's. For
activations PT2E's own operator multiplies by the reciprocal of the scale, so some values that lie
half-way between two steps round differently from ONNX QuantizeLinear; `convert` puts the division
of ONNX in its place unless it is told not to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch.fx import GraphModule, Node
from torchao.quantization.pt2e import ObserverBase
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
from torchao.quantization.pt2e.quantizer import (
    FixedQParamsQuantizationSpec,
    QuantizationAnnotation,
    QuantizationSpec,
    Quantizer,
)

from tare_pytorch.fake_quantize import dequantize, quantize, round_bias
from tare_pytorch.plan import Plan, PlanError, Scales

_ATEN = torch.ops.aten
_LAYERS = (_ATEN.conv1d.default, _ATEN.conv2d.default, _ATEN.linear.default)
_QUANTIZE = "quantized_decomposed.quantize_per_tensor.default"
# PT2E has no type of 4 bits: limits say which integers of 8 bits are used.
_TYPES = {
    "int4": torch.int8,
    "uint4": torch.uint8,
    "int8": torch.int8,
    "uint8": torch.uint8,
    "int16": torch.int16,
}
_ANNOTATION = "quantization_annotation"


def convert(
    exported: GraphModule,
    plan: Plan,
    nodes: Mapping[str, str] | None = None,
    division: bool = True,
) -> GraphModule:
    """Quantizes an exported model as a plan says; the given one is changed.

    :param exported: `torch.export.export(model.eval(), ...).module()`
    :param nodes: graph node by tensor of the plan, for tensors that other operators than
        convolutions and linear layers read quantized; their output is quantized for all readers
    :param division: whether activations are divided by their scale, as ONNX does, or multiplied by
        its reciprocal, which backends of PT2E recognize
    :raises PlanError: if the plan quantizes an activation that no layer here reads, changes the
        model, or has weights that are not rounded to the nearest integer
    """
    plan.require_same_model()
    if plan.rounded:
        raise PlanError(
            f"the plan rounds '{plan.rounded[0]}' and {len(plan.rounded) - 1} other weights by GPTQ,"
            " but PT2E to the nearest integer: select a recipe without gptq"
        )
    quantizer = PlanQuantizer(plan, nodes or {})
    converted = convert_pt2e(prepare_pt2e(exported, quantizer))
    return divide(converted) if division else converted


class PlanQuantizer(Quantizer):  # type: ignore[misc]
    """Annotates a graph with the scales of a plan.

    A layer is found by the name of its weight, and its input by the plan, which says what the
    same node of the ONNX model reads.
    """

    def __init__(self, plan: Plan, nodes: Mapping[str, str]) -> None:
        super().__init__()
        self.plan = plan
        self.nodes = nodes

    def transform_for_annotation(self, model: GraphModule) -> GraphModule:
        """Rounds weights and biases by division, before PT2E does so by reciprocals.

        What is rounded already lies far from half-way between two steps.
        """
        for _, weight, bias in _layers(model):
            if (weight, "weight") in self.plan.tensors:
                scales = _rows(self.plan.scales(weight, "weight"), _parameter(model, weight))
                _round(model, weight, lambda w, s=scales: dequantize(quantize(w, s), s))
            if bias is not None and (bias, "bias") in self.plan.tensors:
                step = torch.tensor(self.plan.scales(bias, "bias").scale, dtype=torch.float32)
                _round(model, bias, lambda b, s=step: round_bias(b, s))
        return model

    def annotate(self, model: GraphModule) -> GraphModule:
        """Says what is quantized with which scales."""
        wanted = {name for name, role in self.plan.tensors if role == "activation"}
        for node, weight, _ in _layers(model):
            if (weight, "weight") not in self.plan.tensors:
                continue
            tensor = self.plan.input_of(weight)
            scales = _rows(self.plan.scales(weight, "weight"), _parameter(model, weight))
            specs = {node.args[1]: _of_weight(scales)}
            if tensor is not None and tensor not in self.nodes:
                specs[node.args[0]] = _of_activation(tensor, self.plan)
            node.meta[_ANNOTATION] = QuantizationAnnotation(
                input_qspec_map=specs, _annotated=True
            )
            wanted.discard(tensor or "")
        by_name = {node.name: node for node in model.graph.nodes}
        for tensor, name in sorted(self.nodes.items()):
            if name not in by_name:
                raise PlanError(f"the exported model has no node '{name}' for tensor '{tensor}'")
            annotation = by_name[name].meta.setdefault(
                _ANNOTATION, QuantizationAnnotation(_annotated=True)
            )
            annotation.output_qspec = _of_activation(tensor, self.plan)
            wanted.discard(tensor)
        if wanted:
            raise PlanError(
                f"no layer of the exported model reads {', '.join(sorted(wanted))}, which the plan"
                " quantizes: say which node makes each of them, or select a recipe without"
                " equalization and smoothing, which insert tensors of their own"
            )
        return model

    def validate(self, model: GraphModule) -> None:
        """Everything was checked before."""


class _Fixed(ObserverBase):  # type: ignore[misc]
    """An observer that has its answer already."""

    def __init__(self, scales: Scales, **_: Any) -> None:
        """
        :param _: what torchao repeats of the specification, which is of these scales
        """
        super().__init__(dtype=_TYPES[scales.type], is_dynamic=False)
        self.scales = scales
        self.quant_min = scales.qmin
        self.quant_max = scales.qmax
        self.ch_axis = scales.axis if scales.axis is not None else -1
        self.qscheme = _scheme(scales)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def calculate_qparams(self) -> tuple[torch.Tensor, torch.Tensor]:
        zero = torch.tensor(self.scales.zero_point, dtype=torch.int64)
        return torch.tensor(self.scales.scale, dtype=torch.float32), zero


def divide(converted: GraphModule) -> GraphModule:
    """Puts divisions in the place of products with reciprocals, where activations are quantized."""
    graph = converted.graph
    for number, node in enumerate(list(graph.nodes)):
        if node.op != "call_function" or str(node.target) != _QUANTIZE:
            continue
        x, scale, zero, qmin, qmax, dtype = node.args
        name = f"tare_scale_{number}"
        converted.register_buffer(name, torch.tensor(scale, dtype=torch.float32))
        with graph.inserting_before(node):
            step = graph.get_attr(name)
            value = graph.call_function(_ATEN.div.Tensor, (x, step))
            value = graph.call_function(_ATEN.round.default, (value,))
            value = graph.call_function(_ATEN.add.Tensor, (value, zero))
            value = graph.call_function(_ATEN.clamp.default, (value, qmin, qmax))
            value = graph.call_function(_ATEN._to_copy.default, (value,), {"dtype": dtype})
        node.replace_all_uses_with(value)
        graph.erase_node(node)
    converted.recompile()
    return converted


def _layers(model: GraphModule) -> list[tuple[Node, str, str | None]]:
    """Layers with the names of their weights and biases."""
    found = []
    for node in model.graph.nodes:
        if node.op == "call_function" and node.target in _LAYERS:
            weight = node.args[1]
            bias = node.args[2] if len(node.args) > 2 else None
            if isinstance(weight, Node) and weight.op == "get_attr":
                found.append((node, str(weight.target), None if bias is None else str(bias.target)))
    return found


def _parameter(model: GraphModule, name: str) -> torch.Tensor:
    """A parameter by the name that the graph reads it by."""
    owner, _, attribute = name.rpartition(".")
    parameter: torch.Tensor = getattr(model.get_submodule(owner), attribute)
    return parameter


def _round(model: GraphModule, name: str, rounded: Any) -> None:
    parameter = _parameter(model, name)
    with torch.no_grad():
        parameter.copy_(rounded(parameter))


def _rows(scales: Scales, weight: torch.Tensor) -> Scales:
    """Scales of rows: an exporter that transposes a matrix has moved the axis."""
    if scales.axis is None or len(scales.scale) != weight.shape[0]:
        return scales
    return replace(scales, axis=0)


def _scheme(scales: Scales) -> torch.qscheme:
    return torch.per_tensor_affine if scales.axis is None else torch.per_channel_affine


def _of_weight(scales: Scales) -> QuantizationSpec:
    return QuantizationSpec(
        dtype=_dtype(scales),
        quant_min=scales.qmin,
        quant_max=scales.qmax,
        qscheme=_scheme(scales),
        ch_axis=scales.axis,
        observer_or_fake_quant_ctr=_Fixed.with_args(scales=scales),
    )


def _of_activation(tensor: str, plan: Plan) -> FixedQParamsQuantizationSpec:
    scales = plan.scales(tensor, "activation")
    if scales.axis is not None:
        raise PlanError(f"activation '{tensor}' has a scale for each channel, which PT2E cannot do")
    return FixedQParamsQuantizationSpec(
        dtype=_dtype(scales),
        scale=scales.scale[0],
        zero_point=scales.zero_point[0],
        quant_min=scales.qmin,
        quant_max=scales.qmax,
        qscheme=torch.per_tensor_affine,
    )


def _dtype(scales: Scales) -> torch.dtype:
    if scales.type not in _TYPES:
        raise PlanError(f"PT2E has no type {scales.type}")
    return _TYPES[scales.type]
