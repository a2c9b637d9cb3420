"""Between Tare's plans and PyTorch. Modules that need torch are imported by their own names."""

from tare_pytorch.plan import Plan, PlanError, Scales
from tare_pytorch.ranges import RangeError, format_ranges, ranges_of

__all__ = ["Plan", "PlanError", "RangeError", "Scales", "format_ranges", "ranges_of"]
