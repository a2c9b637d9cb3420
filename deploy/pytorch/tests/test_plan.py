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
    return of_tree(tensors=[{**TENSOR, **changes}])


def of_tree(**keys: object) -> Plan:
    tree = {"format-version": 13, "recipe": "int8", "tensors": [TENSOR], **keys}
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
        with self.assertRaisesRegex(PlanError, "does not say what reads the weight 'no'"):
            read.input_of("no")
        alone = Plan.parse(json.dumps({"format-version": 11, "tensors": tensors[:1]}), "f")
        self.assertIsNone(alone.input_of("fc.weight"))
        y = {**x, "tensor": "y"}
        read = Plan.parse(json.dumps({"format-version": 11, "tensors": [*tensors, y]}), "f")
        with self.assertRaisesRegex(PlanError, "2 inputs beside the weight 'fc.weight'"):
            read.input_of("fc.weight")

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
            "[]": "no plan of version 2 to 16",
            '{"format-version": 17}': "no plan of version 2 to 16",
        }.items():
            with self.assertRaisesRegex(PlanError, words):
                Plan.parse(text, "f")
        with self.assertRaisesRegex(PlanError, "not positive"):
            plan(scale=[0.0, 1.0])
        with self.assertRaisesRegex(PlanError, "does not quantize the activation 'x'"):
            plan().scales("x", "activation")

    def test_versions_with_offsets_tables_and_powers_of_two(self) -> None:
        for version in (2, 11, 12, 13, 14, 15, 16):
            read = of_tree(**{"format-version": version})
            self.assertFalse(read.scales("fc.weight", "weight").power_of_two)
        self.assertTrue(plan(**{"power-of-two": True}).scales("fc.weight", "weight").power_of_two)
        with self.assertRaisesRegex(PlanError, "'fc.weight' has scales that are no powers of two"):
            plan(scale=[0.5, 0.3], **{"power-of-two": True})
        for type_ in ("nf4", "fp4", "codebook4", "codebook8"):
            with self.assertRaisesRegex(PlanError, f"of 'fc.weight' are indices .* .{type_}."):
                plan(type=type_)
        for type_ in ("float8e4m3fn", "float8e5m2", "float16", "int5"):
            with self.assertRaisesRegex(PlanError, f"'fc.weight' has the type {type_}"):
                plan(type=type_)
        with self.assertRaisesRegex(PlanError, "scale of 'x' is found at run time"):
            plan(tensor="x", role="activation", format="dynamic")

    def test_what_changes_the_model_is_named(self) -> None:
        plan().require_same_model()
        smoothed = {"tensor": "x", "result": "x_smoothed", "consumers": ["fc"], "factors": [2.0]}
        folded = {**smoothed, "axis": -1, "through": ["norm"]}
        left = {"node": "fc", "reader": "fc", "bias": "fc.bias", "left": "noise"}
        corrected = {"node": "fc", "reader": "fc", "bias": "fc.bias", "result": "b", "correction": []}
        of_tree(corrected=[left]).require_same_model()
        for keys, words in [
            ({"smoothed": [smoothed]}, "the plan rescales the channels of 'x', which"),
            ({"smoothed": [{**smoothed, "offsets": [1.0]}]}, "rescales and shifts the channels of"),
            ({"format-version": 16, "smoothed": [folded]}, "rescales the channels of 'x', which"),
            ({"corrected": [left, corrected]}, "corrects the bias 'fc.bias' of node 'fc', which"),
            ({"smoothed": [smoothed], "corrected": [corrected]}, "'x', and 1 more, which"),
        ]:
            with self.assertRaisesRegex(PlanError, words):
                of_tree(**keys).require_same_model()
        rounded = of_tree(gptq={"weights": [{"weight": "fc.weight", "input": "x"}], "damping": 0.01})
        rounded.require_same_model()
        self.assertEqual(rounded.rounded, ("fc.weight",))


if __name__ == "__main__":
    unittest.main()
