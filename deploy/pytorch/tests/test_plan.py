import json
import unittest

from tare_pytorch.plan import Plan, PlanError
from tare_pytorch.scales import format_scales

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
        # An activation saturates to its whole type.
        whole = plan(role="activation", scale=[0.1], **{"zero-point": [10]})
        x = whole.scales("fc.weight", "activation")
        self.assertEqual((x.qmin, x.qmax, x.axis), (-128, 127, None))
        # JSON has the shortest decimal of a float32.
        self.assertEqual(x.scale, (0.10000000149011612,))

    def test_scales_of_the_table(self) -> None:
        tensor = {key: TENSOR[key] for key in TENSOR if key not in ("scale", "zero-point")}
        tree = {"format-version": 11, "tensors": [{**tensor, "scales-in-table": 2}]}
        with self.assertRaisesRegex(PlanError, "in the plan's table, not in its JSON"):
            Plan.parse(json.dumps(tree), "plan.json")
        rows = ([0.5, 0.25], [0, 0])
        read = Plan.parse(json.dumps(tree), "plan.json", {("fc.weight", "weight"): rows})
        self.assertEqual(read.scales("fc.weight", "weight").scale, (0.5, 0.25))
        self.assertEqual(plan().scales("fc.weight", "weight").axis, 1)

    def test_a_node_reads_a_weight_and_an_input(self) -> None:
        x = {**TENSOR, "tensor": "x", "role": "activation", "consumers": ["gemm", "other"]}
        tensors = [{**TENSOR, "consumers": ["gemm"]}, x]
        read = Plan.parse(json.dumps({"format-version": 11, "tensors": tensors}), "f")
        self.assertEqual(read.input_of("fc.weight"), "x")
        with self.assertRaisesRegex(PlanError, "0 inputs beside the weight 'no'"):
            read.input_of("no")

    def test_scales_are_written_with_all_digits(self) -> None:
        scales = {"b": plan(scale=[0.1, 0.2]).scales("fc.weight", "weight")}
        tree = json.loads(format_scales(scales))
        self.assertEqual(
            tree["scales"]["b"],
            {"scale": [0.10000000149011612, 0.20000000298023224], "zero-point": [0, 0]},
        )

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
