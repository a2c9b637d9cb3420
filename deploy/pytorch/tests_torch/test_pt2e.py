"""Needs torch and torchao; run by the profile extended."""

import unittest
from dataclasses import replace

import numpy as np
import torch

from tare_pytorch.plan import Plan, PlanError, Scales
from tare_pytorch.pt2e import convert

STEP = float(np.float32(0.037))


def plan():
    tensors = {
        ("x", "activation"): Scales("int8", -128, 127, (STEP,), (-4,), None),
        ("fc.weight", "weight"): Scales("int8", -127, 127, (1.0,) * 6, (0,) * 6, 1),
    }
    return Plan("int8", tensors, {key: ("node",) for key in tensors})


class Identity(torch.nn.Module):
    """A matrix of ones in the diagonal, so that what is rounded is what comes out."""

    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(6, 6, bias=False)
        torch.nn.init.eye_(self.fc.weight)

    def forward(self, x):
        return self.fc(x) + 1


def exported(x):
    return torch.export.export(Identity().eval(), (x,)).module()


class Pt2eTest(unittest.TestCase):
    def test_values_between_two_steps_round_as_in_onnx(self):
        ties = (np.arange(-100, 110, dtype=np.float32) + np.float32(0.5)) * np.float32(STEP)
        x = torch.from_numpy(ties.reshape(-1, 6))
        codes = np.clip(np.rint(x.numpy() / np.float32(STEP)) - 4, -128, 127)
        expected = (codes + 4).astype(np.float32) * np.float32(STEP) + np.float32(1)
        found = convert(exported(x), plan())(x).numpy()
        np.testing.assert_array_equal(found, expected)
        # PT2E's own operator is another function, and rounds some of these to the other side.
        theirs = convert(exported(x), plan(), division=False)(x).numpy()
        self.assertGreater((theirs != expected).sum(), 0)
        self.assertLess(np.abs(theirs - expected).max(), STEP * 1.001)

    def test_a_tensor_that_no_layer_reads_needs_its_node(self):
        x = torch.zeros(2, 6)
        other = {("sum", "activation"): Scales("uint8", 0, 255, (0.5,), (0,), None)}
        with self.assertRaisesRegex(PlanError, "no layer of the exported model reads sum"):
            convert(exported(x), with_others(other))
        with self.assertRaisesRegex(PlanError, "has no node 'none' for tensor 'sum'"):
            convert(exported(x), with_others(other), {"sum": "none"})
        x = torch.full((2, 6), 0.3)
        found = convert(exported(x), with_others(other), {"sum": "add"})(x)
        # 0.3 is 8 steps of 0.037, plus 1, in steps of one half.
        self.assertEqual(found.unique().tolist(), [1.5])

    def test_what_pt2e_cannot_do_is_refused(self):
        x = torch.zeros(2, 6)
        wide = {("x", "activation"): Scales("uint16", 0, 65535, (0.5,), (0,), None)}
        with self.assertRaisesRegex(PlanError, "PT2E has no type uint16"):
            convert(exported(x), with_others(wide))
        with self.assertRaisesRegex(PlanError, "rescales 'x', which the PyTorch model lacks"):
            convert(exported(x), replace(plan(), changes=("rescales 'x'",)))
        with self.assertRaisesRegex(PlanError, "rounds 'fc.weight' and 0 other weights by GPTQ"):
            convert(exported(x), replace(plan(), rounded=("fc.weight",)))

    def test_inputs_may_stay_float(self):
        weight = {("fc.weight", "weight"): Scales("int8", -127, 127, (STEP,) * 6, (0,) * 6, 1)}
        x = torch.linspace(-3, 3, 60).reshape(-1, 6)
        found = convert(exported(x), Plan("int8-weights", weight, {("fc.weight", "weight"): ("n",)}))
        # One is 27 steps of 0.037.
        step = np.float32(27) * np.float32(STEP)
        np.testing.assert_array_equal(found(x).numpy(), x.numpy() * step + np.float32(1))

    def test_scales_that_are_powers_of_two(self):
        tensors = {
            ("x", "activation"): Scales("int8", -128, 127, (0.125,), (0,), None, True),
            ("fc.weight", "weight"): Scales("int8", -127, 127, (0.25,) * 6, (0,) * 6, 1, True),
        }
        found = Plan("int8-power-of-two", tensors, {key: ("node",) for key in tensors})
        x = torch.linspace(-20, 20, 60).reshape(-1, 6)
        expected = np.clip(np.rint(x.numpy() * 8), -128, 127) / 8 + np.float32(1)
        # A product with the reciprocal of a power of two is the quotient.
        for division in [True, False]:
            converted = convert(exported(x), found, division=division)
            np.testing.assert_array_equal(converted(x).numpy(), expected)


def with_others(others):
    made = plan()
    made.tensors.update(others)
    return made


if __name__ == "__main__":
    unittest.main()
