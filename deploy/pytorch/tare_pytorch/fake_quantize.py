"""Modules that quantize and dequantize: with the scales of a plan, or with scales that learn.

The arithmetic is Tare's and that of ONNX QuantizeLinear: a float32 division, half to even, then
saturation. PyTorch's own operators multiply by a reciprocal, which rounds some ties differently.

Learning is LSQ (Esser et al., Learned Step Size Quantization, ICLR 2020, equations 3 to 5): values
inside the range pass their gradient, and the scale's gradient is the rounding error inside and the
limit outside, times 1 / sqrt(number of values * qmax).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch

from tare_pytorch.plan import Scales


def quantize(x: torch.Tensor, scales: Scales) -> torch.Tensor:
    """Integers of a tensor, as int32."""
    scale, zero = _shaped(scales, x)
    return (torch.round(x / scale) + zero).clamp(scales.qmin, scales.qmax).to(torch.int32)


def dequantize(codes: torch.Tensor, scales: Scales) -> torch.Tensor:
    """The numbers that integers stand for."""
    scale, zero = _shaped(scales, codes)
    return (codes.to(torch.float32) - zero) * scale


def _shaped(scales: Scales, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    scale = torch.tensor(scales.scale, dtype=torch.float32)
    zero = torch.tensor(scales.zero_point, dtype=torch.float32)
    if scales.axis is None:
        return scale.reshape(()), zero.reshape(())
    shape = [1] * x.dim()
    shape[scales.axis] = -1
    return scale.reshape(shape), zero.reshape(shape)


class LearnedStep(torch.autograd.Function):
    """Quantizes and dequantizes with a scale that has a gradient."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, scale: torch.Tensor, zero: torch.Tensor, qmin: int, qmax: int
    ) -> torch.Tensor:
        steps = x / scale
        codes = (torch.round(steps) + zero).clamp(qmin, qmax)
        ctx.save_for_backward(steps, codes, scale, zero)
        ctx.limits = (qmin, qmax)
        return (codes - zero) * scale

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[Any, ...]:
        (gradient,) = gradients
        steps, codes, scale, zero = ctx.saved_tensors
        qmin, qmax = ctx.limits
        inside = (steps + zero >= qmin) & (steps + zero <= qmax)
        of_scale = torch.where(inside, codes - zero - steps, codes - zero) * gradient
        factor = 1 / math.sqrt(gradient.numel() / scale.numel() * max(qmax, 1))
        summed = [d for d in range(of_scale.dim()) if scale.dim() == 0 or scale.shape[d] == 1]
        total = of_scale.sum(summed, keepdim=scale.dim() > 0) if summed else of_scale
        return gradient * inside, total.reshape(scale.shape) * factor, None, None, None


class FakeQuantize(torch.nn.Module):
    """Quantizes and dequantizes with the scales of a plan; also usable as a parametrization."""

    def __init__(self, scales: Scales, dims: int, learn: bool = False) -> None:
        """
        :param dims: number of dimensions of what is quantized
        :param learn: whether the scales are parameters
        """
        super().__init__()
        scale, zero = _shaped(scales, torch.empty([1] * dims))
        self.scales = scales
        self.scale = torch.nn.Parameter(scale.clone(), requires_grad=learn)
        self.register_buffer("zero", zero)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return LearnedStep.apply(  # type: ignore[no-any-return]
            x, self.scale, self.zero, self.scales.qmin, self.scales.qmax
        )

    def learned(self) -> Scales:
        """The scales as they are now.

        :raises ValueError: if training made one negative or zero
        """
        scale = tuple(float(each) for each in self.scale.detach().flatten())
        if not all(each > 0 and math.isfinite(each) for each in scale):
            raise ValueError("a scale is not positive any more: use a smaller learning rate")
        return replace(self.scales, scale=scale)


class _Through(torch.autograd.Function):
    """A value that is computed elsewhere, with the gradient of another."""

    @staticmethod
    def forward(ctx: Any, _: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[Any, ...]:
        return gradients[0], None


def round_bias(bias: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """A bias as int32 with a scale, and back: a float64 division, as Tare and ONNX Runtime have."""
    codes = torch.round(bias.double() / scale.double()).clamp(-(2**31), 2**31 - 1)
    return codes.float() * scale


class FakeBias(torch.nn.Module):
    """Rounds a bias to products of the steps of a layer's input and weight, as they are now."""

    def __init__(self, inputs: FakeQuantize, weight: FakeQuantize) -> None:
        super().__init__()
        # In a tuple, so that their parameters are not this module's as well.
        self.factors = (inputs, weight)

    def forward(self, bias: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            scale = self.factors[0].scale.flatten() * self.factors[1].scale.flatten()
            rounded = round_bias(bias, scale.clamp_min(torch.finfo(torch.float32).tiny))
        return _Through.apply(bias, rounded)  # type: ignore[no-any-return]
