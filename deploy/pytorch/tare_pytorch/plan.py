"""Reads what a Tare plan (`plan.json`) says about tensors; needs no torch."""

from __future__ import annotations

import json
import math
import pathlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Rows = tuple[list[float], list[int]]

_VERSIONS = range(2, 17)
_LIMITS = {
    "int4": (-8, 7),
    "uint4": (0, 15),
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32768, 32767),
    "uint16": (0, 65535),
    "int32": (-(2**31), 2**31 - 1),
}
# What a code stands for is looked up in a table of numbers in [-1, 1].
_TABLES = ("nf4", "fp4", "codebook4", "codebook8")


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
    :param power_of_two: whether every scale has to be a power of two
    """

    type: str
    qmin: int
    qmax: int
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None
    power_of_two: bool = False


@dataclass(frozen=True)
class Plan:
    """The quantized tensors of a plan by name and role (activation, weight, bias).

    :param consumers: the nodes of the ONNX model that read each of them quantized
    :param changes: what the plan changes in the model besides, so that the network of PyTorch is
        another one: a sentence for each tensor
    :param rounded: weights whose integers are not the nearest ones, but those of GPTQ
    """

    recipe: str
    tensors: dict[tuple[str, str], Scales]
    consumers: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    rounded: tuple[str, ...] = ()

    @staticmethod
    def read(path: str | pathlib.Path) -> Plan:
        """Reads a plan.json, or a finished run on this machine.

        A plan.json lists at most 1,000 scales of a tensor; those of others are in the run's table,
        which needs pyarrow.

        :raises PlanError: if it is not a plan of a known version
        """
        path = pathlib.Path(path)
        document = path / "plan.json" if path.is_dir() else path
        try:
            text = document.read_text(encoding="utf-8")
        except OSError as error:
            raise PlanError(f"cannot read {document}: {error}") from error
        table = path / "plan"
        return Plan.parse(text, str(document), _table(table) if table.is_dir() else {})

    @staticmethod
    def parse(text: str, where: str, table: Mapping[tuple[str, str], Rows] | None = None) -> Plan:
        """Reads the text of a plan.

        :param table: scales and zero points that the text may lack, by tensor and role
        """
        try:
            tree = json.loads(text)
        except ValueError as error:
            raise PlanError(f"{where} is not JSON: {error}") from error
        version = tree.get("format-version") if isinstance(tree, dict) else None
        if version not in _VERSIONS:
            raise PlanError(f"{where} is no plan of version {_VERSIONS[0]} to {_VERSIONS[-1]}")
        tensors: dict[tuple[str, str], Scales] = {}
        consumers: dict[tuple[str, str], tuple[str, ...]] = {}
        for node in tree.get("tensors", []):
            if node.get("quantized"):
                key = node["tensor"], node["role"]
                tensors[key] = _scales(node, where, (table or {}).get(key))
                consumers[key] = tuple(node.get("consumers", ()))
        rounded = tuple(each["weight"] for each in (tree.get("gptq") or {}).get("weights", []))
        return Plan(str(tree.get("recipe", "")), tensors, consumers, _changes(tree), rounded)

    def require_same_model(self) -> None:
        """Checks that the plan is of the network as PyTorch has it.

        :raises PlanError: if it rescales or shifts inputs, or corrects biases
        """
        if self.changes:
            more = f", and {len(self.changes) - 1} more" if len(self.changes) > 1 else ""
            raise PlanError(
                f"the plan {self.changes[0]}{more}, which the PyTorch model lacks: select a recipe"
                " without smoothing, equalization and bias correction, such as int8"
            )

    def scales(self, tensor: str, role: str) -> Scales:
        """How a tensor is quantized.

        :raises PlanError: if it is not
        """
        found = self.tensors.get((tensor, role))
        if found is None:
            raise PlanError(f"the plan does not quantize the {role} '{tensor}'")
        return found

    def input_of(self, weight: str) -> str | None:
        """The activation that a node reads quantized together with a weight; None if it reads none.

        :raises PlanError: if the plan quantizes several, or does not say which nodes read the weight
        """
        if not self.consumers.get((weight, "weight")):
            raise PlanError(f"the plan does not say what reads the weight '{weight}'")
        nodes = set(self.consumers[weight, "weight"])
        found = [
            tensor
            for (tensor, role), readers in sorted(self.consumers.items())
            if role == "activation" and nodes.intersection(readers)
        ]
        if len(found) > 1:
            raise PlanError(f"the plan quantizes {len(found)} inputs beside the weight '{weight}'")
        return found[0] if found else None


def _changes(tree: Mapping[str, Any]) -> tuple[str, ...]:
    found = []
    for each in tree.get("smoothed", []):
        how = "rescales and shifts" if each.get("offsets") else "rescales"
        found.append(f"{how} the channels of '{each['tensor']}'")
    for each in tree.get("corrected", []):
        if "result" in each:
            bias = f"the bias '{each['bias']}'" if each.get("bias") else "a bias that it adds"
            found.append(f"corrects {bias} of node '{each['node']}'")
    return tuple(found)


def _table(folder: pathlib.Path) -> dict[tuple[str, str], Rows]:
    try:
        from pyarrow import parquet
    except ImportError:
        return {}
    columns = ["tensor", "role", "channel", "scale", "zero_point"]
    rows: dict[tuple[str, str], Rows] = {}
    for file in sorted(folder.glob("*.parquet")):
        for row in parquet.read_table(file, columns=columns).to_pylist():
            if row["scale"] is not None:
                scales, zeros = rows.setdefault((row["tensor"], row["role"]), ([], []))
                if (row["channel"] or 0) != len(scales):
                    raise PlanError(f"{file}: scales of '{row['tensor']}' are not in order")
                scales.append(row["scale"])
                zeros.append(row["zero_point"])
    return rows


def _float32(value: float) -> float:
    """The value of a float32, of which JSON has the shortest decimal."""
    single: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return single


def _scales(node: dict[str, Any], where: str, rows: Rows | None) -> Scales:
    name = node["tensor"]
    if node.get("type") in _TABLES:
        raise PlanError(
            f"{where}: the codes of '{name}' are indices of a table ({node['type']}), which is not"
            " supported here: only integers with scales are"
        )
    if node.get("type") not in _LIMITS:
        raise PlanError(
            f"{where}: tensor '{name}' has the type {node.get('type')}, which is not supported"
            " here: only integers with scales are"
        )
    if node.get("format") == "dynamic" and node["role"] == "activation":
        raise PlanError(
            f"{where}: the scale of '{name}' is found at run time, which is not supported here"
        )
    if "block-size" in node:
        raise PlanError(f"{where}: '{name}' has a scale for each block, which is not supported here")
    listed = rows
    if "scale" in node:
        listed = node["scale"], node.get("zero-point", [0] * len(node["scale"]))
    if listed is None or len(listed[0]) != node.get("scales-in-table", len(listed[0])):
        raise PlanError(
            f"{where}: the scales of '{name}' are in the plan's table, not in its JSON: read the"
            " run's folder, with pyarrow installed"
        )
    qmin, qmax = _LIMITS[node["type"]]
    # An activation saturates to all integers of its type, as ONNX QuantizeLinear does.
    if node["role"] != "activation":
        if node.get("reduce-range"):
            qmin, qmax = (-64, 64) if qmin < 0 else (0, 127)
        if node.get("narrow-range") and qmin != -64:
            qmin += 1
    scale = tuple(_float32(each) for each in listed[0])
    zero = tuple(int(each) for each in listed[1])
    if len(zero) != len(scale) or not all(each > 0 and math.isfinite(each) for each in scale):
        raise PlanError(f"{where}: tensor '{name}' has scales that are not positive")
    power_of_two = bool(node.get("power-of-two"))
    if power_of_two and not all(math.frexp(each)[0] == 0.5 for each in scale):
        raise PlanError(f"{where}: tensor '{name}' has scales that are no powers of two")
    axis = node.get("axis") if len(scale) > 1 else None
    return Scales(node["type"], qmin, qmax, scale, zero, axis, power_of_two)
