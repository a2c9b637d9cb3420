"""Needs torch; run by the profile extended."""

import math
import pathlib
import tempfile
import unittest
from dataclasses import replace

import numpy as np
import torch

from tare_pytorch.fake_quantize import FakeQuantize, LearnedStep, dequantize, quantize
from tare_pytorch.plan import Plan, PlanError, Scales
from tare_pytorch.qat import finish, learned_scales, prepare
from tare_pytorch.ranges import main, observers_of


def straight_through(x, scale, qmin, qmax):
    """The published formulation of LSQ, whose gradients autograd finds."""
    factor = 1 / math.sqrt(x.numel() / scale.numel() * qmax)
    scale = (scale - scale * factor).detach() + scale * factor
    steps = torch.clamp(x / scale, qmin, qmax)
    return ((torch.round(steps) - steps).detach() + steps) * scale


class FakeQuantizeTest(unittest.TestCase):
    def test_integers_are_those_of_a_float32_division(self):
        generator = torch.Generator().manual_seed(3)
        x = torch.randn(1000, 40, generator=generator) * 3
        ties = (torch.arange(-200, 200) / 2).reshape(10, 40) * np.float32(0.1)
        x = torch.cat([x, ties])
        scale = np.float32([0.1, *np.linspace(0.01, 0.3, 39)])
        scales = Scales("int8", -127, 127, tuple(map(float, scale)), (0,) * 40, 1)
        steps = x.numpy() / scale
        expected = np.clip(np.rint(steps), -127, 127).astype(np.int32)
        np.testing.assert_array_equal(quantize(x, scales).numpy(), expected)
        real = expected.astype(np.float32) * scale
        np.testing.assert_array_equal(dequantize(quantize(x, scales), scales).numpy(), real)
        np.testing.assert_array_equal(FakeQuantize(scales, 2)(x).detach().numpy(), real)

    def test_a_zero_point_is_added_after_rounding(self):
        scales = Scales("uint8", 0, 255, (0.5,), (3,), None)
        x = torch.tensor([-2.0, -1.5, 0.25, 0.75, 200.0])
        self.assertEqual(quantize(x, scales).tolist(), [0, 0, 3, 5, 255])
        self.assertEqual(FakeQuantize(scales, 1)(x).tolist(), [-1.5, -1.5, 0.0, 1.0, 126.0])

    def test_gradients_are_those_of_the_published_formulation(self):
        generator = torch.Generator().manual_seed(5)
        for shape in [(), (4, 1)]:
            x = torch.randn(4, 30, generator=generator, dtype=torch.float64)
            scale = torch.full(shape, 0.2, dtype=torch.float64)
            found, expected = [], []
            for function, into in [
                (lambda v, s: LearnedStep.apply(v, s, torch.zeros(()), -8, 7), found),
                (lambda v, s: straight_through(v, s, -8, 7), expected),
            ]:
                v, s = x.clone().requires_grad_(), scale.clone().requires_grad_()
                function(v, s).square().sum().backward()
                into.extend([v.grad, s.grad])
            for mine, theirs in zip(found, expected):
                torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-12)

    def test_training_begins_at_the_plan_and_ends_in_ranges(self):
        torch.manual_seed(1)
        model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
        tensors = {
            ("x", "activation"): Scales("uint8", 0, 255, (0.02,), (128,), None),
            ("relu", "activation"): Scales("uint8", 0, 255, (0.01,), (0,), None),
            ("0.weight", "weight"): Scales("int8", -127, 127, (0.004,) * 8, (0,) * 8, 1),
            ("2.weight", "weight"): Scales("int8", -127, 127, (0.004,), (0,), None),
        }
        quantizers = prepare(model, Plan("int8", tensors), {"0": "x", "2": "relu"})
        x = torch.randn(64, 6)
        # A model is what its layers are with rounded weights and inputs, and nothing besides.
        with torch.no_grad():
            inner = torch.relu(model[0](x))
            of_last = torch.nn.functional.linear(
                dequantize(quantize(inner, tensors["relu", "activation"]),
                           tensors["relu", "activation"]),
                model[2].weight,
                model[2].bias,
            )
            torch.testing.assert_close(model(x), of_last, rtol=0, atol=0)
        optimizer = torch.optim.SGD(model.parameters(), 1e-2)
        for _ in range(5):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
        scales = learned_scales(model, Plan("int8", tensors), quantizers)
        self.assertEqual(sorted(scales), ["0.weight", "2.weight", "relu", "x"])
        self.assertNotEqual(scales["relu"].scale, (0.01,))
        self.assertNotEqual(scales["0.weight"].scale, (0.004,) * 8)
        with torch.no_grad():
            weight = model[0].weight.clone()
        finish(model)
        self.assertEqual(len(list(model.children())), 3)
        torch.testing.assert_close(model[0].weight.detach(), weight, rtol=0, atol=0)

    def test_weights_alone_are_trained(self):
        torch.manual_seed(1)
        model = torch.nn.Sequential(torch.nn.Linear(6, 8))
        weight = {("0.weight", "weight"): Scales("int4", -7, 7, (0.05,) * 8, (0,) * 8, 1)}
        plan = Plan("int4-weights", weight, {("0.weight", "weight"): ("gemm",)})
        self.assertEqual(prepare(model, plan), {})
        model(torch.randn(64, 6)).square().mean().backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= 1e-2 * parameter.grad
        scales = learned_scales(model, plan, {})
        self.assertNotEqual(scales["0.weight"].scale, (0.05,) * 8)
        finish(model)
        steps = model[0].weight.detach() / torch.tensor(scales["0.weight"].scale).reshape(-1, 1)
        torch.testing.assert_close(steps, steps.round(), rtol=0, atol=1e-5)

    def test_scales_that_cannot_be_trained_are_refused(self):
        tensors = {
            ("x", "activation"): Scales("int8", -128, 127, (0.125,), (0,), None, True),
            ("0.weight", "weight"): Scales("int8", -127, 127, (0.25,), (0,), None, True),
        }
        powers = Plan("int8-power-of-two", tensors)
        model = torch.nn.Sequential(torch.nn.Linear(6, 8))
        with self.assertRaisesRegex(PlanError, "scales of '0.weight' have to be powers of two"):
            prepare(model, powers, {"0": "x"})
        with self.assertRaisesRegex(PlanError, "corrects 'b', which the PyTorch model lacks"):
            prepare(model, replace(powers, changes=("corrects 'b'",)), {"0": "x"})
        quantizers = prepare(model, powers, {"0": "x"}, learn=False)
        self.assertTrue(learned_scales(model, powers, quantizers)["x"].power_of_two)

    def test_saved_observers_become_ranges(self):
        from torch.ao.quantization.observer import HistogramObserver, PerChannelMinMaxObserver

        model = torch.nn.ModuleDict({"a": HistogramObserver(), "b": PerChannelMinMaxObserver()})
        x = torch.tensor([[-1.0, 2.0], [0.5, -3.0]])
        model["a"](x), model["b"](x)
        self.assertEqual(observers_of(model.state_dict()), ["a", "b"])
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            torch.save(model.state_dict(), folder / "state.pt")
            (folder / "names.json").write_text('{"a": "x", "b": "y"}')
            arguments = ["--names", str(folder / "names.json"), "--out", str(folder / "r.json")]
            self.assertEqual(main([str(folder / "state.pt"), *arguments]), 0)
            self.assertIn('"min": -3.0', (folder / "r.json").read_text())
            # A pickle of something else is not executed.
            torch.save(model, folder / "model.pt")
            self.assertEqual(main([str(folder / "model.pt"), *arguments]), 3)


if __name__ == "__main__":
    unittest.main()
