"""Between Tare's plans and PyTorch. Modules that need torch are imported by their own names."""

from tare_pytorch.plan import Plan, PlanError, Scales
from tare_pytorch.ranges import RangeError, format_ranges, ranges_of
from tare_pytorch.scales import format_scales

__all__ = ["Plan", "PlanError", "RangeError", "Scales", "format_ranges", "format_scales", "ranges_of"]
