"""Reads what a Tare plan (`plan.json`) says about tensors; needs no torch."""

from __future__ import annotations

import json
import math
import pathlib
from dataclasses import dataclass
from typing import Any

_VERSIONS = range(2, 12)
_LIMITS = {
    "int4": (-8, 7),
    "uint4": (0, 15),
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32768, 32767),
    "uint16": (0, 65535),
    "int32": (-(2**31), 2**31 - 1),
}


class PlanError(ValueError):
    """A file that is no plan, or a tensor that it does not say enough about; the message names it."""


@dataclass(frozen=True)
class Scales:
    """How one tensor is quantized: real = scale * (integer - zero point).

    :param type: the integer type, such as int8
    :param qmin: the lowest integer that may be produced
    :param qmax: the highest
    :param scale: one number, or one for each index of the axis
    :param zero_point: as many
    :param axis: the dimension with a scale for each index; None for one scale
    """

    type: str
    qmin: int
    qmax: int
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None

    def range(self) -> tuple[float, float]:
        """The interval that the integers cover, for one scale."""
        if len(self.scale) != 1:
            raise PlanError("a tensor with several scales has no single range")
        low = (self.qmin - self.zero_point[0]) * self.scale[0]
        return low, (self.qmax - self.zero_point[0]) * self.scale[0]


@dataclass(frozen=True)
class Plan:
    """The quantized tensors of a plan by name and role (activation, weight, bias)."""

    recipe: str
    tensors: dict[tuple[str, str], Scales]

    @staticmethod
    def read(path: str | pathlib.Path) -> Plan:
        """Reads a file.

        :raises PlanError: if it is not a plan of a known version
        """
        try:
            return Plan.parse(pathlib.Path(path).read_text(encoding="utf-8"), str(path))
        except OSError as error:
            raise PlanError(f"cannot read {path}: {error}") from error

    @staticmethod
    def parse(text: str, where: str) -> Plan:
        """Reads the text of a plan."""
        try:
            tree = json.loads(text)
        except ValueError as error:
            raise PlanError(f"{where} is not JSON: {error}") from error
        version = tree.get("format-version") if isinstance(tree, dict) else None
        if version not in _VERSIONS:
            raise PlanError(f"{where} is no plan of version {_VERSIONS[0]} to {_VERSIONS[-1]}")
        tensors: dict[tuple[str, str], Scales] = {}
        for node in tree.get("tensors", []):
            if node.get("quantized"):
                tensors[node["tensor"], node["role"]] = _scales(node, where)
        return Plan(str(tree.get("recipe", "")), tensors)

    def scales(self, tensor: str, role: str) -> Scales:
        """How a tensor is quantized.

        :raises PlanError: if it is not
        """
        found = self.tensors.get((tensor, role))
        if found is None:
            raise PlanError(f"the plan does not quantize the {role} '{tensor}'")
        return found


def _scales(node: dict[str, Any], where: str) -> Scales:
    name = node["tensor"]
    if node.get("type") not in _LIMITS:
        raise PlanError(f"{where}: tensor '{name}' has the type {node.get('type')}")
    if "scale" not in node or "block-size" in node:
        raise PlanError(f"{where}: the scales of '{name}' are in the plan's table, not in its JSON")
    qmin, qmax = _LIMITS[node["type"]]
    if node.get("reduce-range"):
        qmin, qmax = (-64, 64) if qmin < 0 else (0, 127)
    if node.get("narrow-range") and qmin != -64:
        qmin += 1
    scale = tuple(float(each) for each in node["scale"])
    zero = tuple(int(each) for each in node.get("zero-point", [0] * len(scale)))
    if len(zero) != len(scale) or not all(each > 0 and math.isfinite(each) for each in scale):
        raise PlanError(f"{where}: tensor '{name}' has scales that are not positive")
    axis = node.get("axis") if len(scale) > 1 else None
    return Scales(node["type"], qmin, qmax, scale, zero, axis)
