"""Learned scales as JSON that `tare select --ranges` reads; needs no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tare_pytorch.plan import Scales


def format_scales(scales: Mapping[str, Scales]) -> str:
    """JSON of the scales of activations and weights; the same scales give the same bytes.

    A scale is written with all digits of its float32, so that it comes back as the same number.
    """
    tree = {
        "format-version": 1,
        "scales": {
            name: {"scale": list(each.scale), "zero-point": list(each.zero_point)}
            for name, each in sorted(scales.items())
        },
    }
    return json.dumps(tree, indent=2, allow_nan=False) + "\n"
