import json
import unittest

from tare_pytorch.plan import Plan, PlanError

TENSOR = {
    "tensor": "fc.weight",
    "role": "weight",
    "quantized": True,
    "type": "int8",
    "narrow-range": True,
    "reduce-range": False,
    "axis": 1,
    "scale": [0.5, 0.25],
    "zero-point": [0, 0],
}


def plan(**changes: object) -> Plan:
    tree = {"format-version": 11, "recipe": "int8", "tensors": [{**TENSOR, **changes}]}
    return Plan.parse(json.dumps(tree), "plan.json")


class PlanTest(unittest.TestCase):
    def test_scales_and_limits(self) -> None:
        scales = plan().scales("fc.weight", "weight")
        self.assertEqual((scales.qmin, scales.qmax, scales.axis), (-127, 127, 1))
        self.assertEqual(scales.scale, (0.5, 0.25))
        reduced = plan(**{"reduce-range": True}).scales("fc.weight", "weight")
        self.assertEqual((reduced.qmin, reduced.qmax), (-64, 64))
        one = plan(type="uint8", scale=[0.5], **{"zero-point": [10], "narrow-range": False})
        self.assertEqual(one.scales("fc.weight", "weight").range(), (-5.0, 122.5))

    def test_what_is_no_plan_is_refused(self) -> None:
        for text, words in {
            "[": "is not JSON",
            "[]": "no plan of version 2 to 11",
            '{"format-version": 12}': "no plan of version 2 to 11",
        }.items():
            with self.assertRaisesRegex(PlanError, words):
                Plan.parse(text, "f")
        with self.assertRaisesRegex(PlanError, "type float8"):
            plan(type="float8")
        with self.assertRaisesRegex(PlanError, "not positive"):
            plan(scale=[0.0, 1.0])
        with self.assertRaisesRegex(PlanError, "does not quantize the activation 'x'"):
            plan().scales("x", "activation")


if __name__ == "__main__":
    unittest.main()
