"""Digits from PyTorch to Tare and back: `make`, `load`, `train` and `compare`, a step each.

`make FOLDER` trains a small convolutional network and exports it; Tare quantizes that. `load FOLDER
RUN` loads the run's plan into PT2E. `train FOLDER RUN` trains scales and weights from the plan and
writes them for Tare, which quantizes again. `compare FOLDER PLAN RUN` holds the plan and the model
of that to what was trained. `refused FOLDER RUN` prints why a plan is not loaded into PT2E.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from sklearn.datasets import load_digits

from tare_pytorch.plan import Plan, PlanError
from tare_pytorch.pt2e import convert
from tare_pytorch.qat import learned_scales, prepare, write_back

LAYERS = ["0", "2", "5"]
torch.set_num_threads(1)
digits = load_digits()
PICTURES = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
LABELS = torch.tensor(digits.target)
LEARN, TEST = slice(0, 1200), slice(1200, None)


def network():
    torch.manual_seed(7)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 16, 3, stride=2, padding=1),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(256, 10),
    )


def train(model, steps, rate):
    generator = torch.Generator().manual_seed(7)
    optimizer = torch.optim.Adam(model.parameters(), rate)
    for _ in range(steps):
        batch = torch.randint(1200, (64,), generator=generator)
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(PICTURES[batch]), LABELS[batch])
        loss.backward()
        optimizer.step()


def accuracy(logits):
    return (logits.argmax(1) == LABELS[TEST].numpy()).mean()


def trained(folder):
    model = network().eval()
    model.load_state_dict(torch.load(folder / "float.pt", weights_only=True))
    return model


def quantized_by_tare(run):
    """Logits of the test pictures by ONNX Runtime, without its optimizer's fusions."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(run / "model.onnx", options)
    return session.run(None, {"x": PICTURES[TEST].numpy()})[0]


def dequantized(run):
    """Constants of a quantized model by the name that they had, as the numbers they stand for."""
    model = onnx.load(run / "model.onnx")
    constants = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    found = {}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            codes, scale, *zero = (constants[name] for name in node.input)
            axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
            shape = [-1 if d == axis and scale.ndim else 1 for d in range(codes.ndim)]
            less = zero[0].reshape(shape) if zero else 0
            real = (codes.astype(np.int64) - less).astype(np.float32) * scale.reshape(shape)
            found[node.input[0]] = real
    return found


def of_layer(constants, layer, tensor):
    """The constant whose name begins with that of a parameter."""
    (name,) = [name for name in constants if name.startswith(f"{layer}.{tensor}")]
    return constants[name]


def rounded(x, scales):
    """Quantized and dequantized as the ONNX standard says, by numpy."""
    steps = np.rint(x.numpy() / np.float32(scales.scale[0])).astype(np.int64)
    codes = np.clip(steps + scales.zero_point[0], scales.qmin, scales.qmax)
    return torch.from_numpy((codes - scales.zero_point[0]).astype(np.float32) * scales.scale[0])


def make(folder):
    model = network()
    train(model, 300, 2e-3)
    model.eval()
    torch.save(model.state_dict(), folder / "float.pt")
    torch.onnx.export(
        model,
        (PICTURES[:2],),
        folder / "model.onnx",
        dynamo=True,
        input_names=["x"],
        output_names=["logits"],
        dynamic_shapes=({0: torch.export.Dim("n")},),
        external_data=False,
        verbose=False,
    )
    rows = [json.dumps({"x": each.tolist()}) + "\n" for each in PICTURES[LEARN][:256]]
    (folder / "x.jsonl").write_text("".join(rows))


def load(folder, run):
    plan = Plan.read(run)
    example = (PICTURES[TEST][:2],)
    shapes = ({0: torch.export.Dim("n")},)
    model = trained(folder)
    exported = torch.export.export(model, example, dynamic_shapes=shapes).module()
    converted = convert(exported, plan)
    constants = dequantized(run)
    # Layer by layer with Tare's weights, and activations rounded by numpy.
    x = PICTURES[TEST]
    reference = trained(folder)
    with torch.no_grad():
        for layer in LAYERS:
            for tensor in ["weight", "bias"]:
                if (f"{layer}.{tensor}", tensor) in plan.tensors:
                    value = torch.from_numpy(of_layer(constants, layer, tensor))
                    getattr(reference[int(layer)], tensor).copy_(value)
        for number, module in enumerate(reference):
            layer = str(number) in LAYERS
            tensor = plan.input_of(f"{number}.weight") if layer else None
            if tensor is not None:
                x = rounded(x, plan.scales(tensor, "activation"))
            x = module(x)
        logits = converted(PICTURES[TEST])
    integers = [v for v in converted.state_dict().values() if v.dtype == torch.int8]
    print("integer-weights", len(integers))
    print("difference", (logits - x).abs().max().item())
    theirs = quantized_by_tare(run)
    print("onnxruntime", np.abs(logits.numpy() - theirs).max(), "of", np.abs(theirs).max())
    exported = torch.export.export(trained(folder), example, dynamic_shapes=shapes).module()
    by_reciprocal = convert(exported, plan, division=False)
    with torch.no_grad():
        print("reciprocal", (by_reciprocal(PICTURES[TEST]) - x).abs().max().item())
    print("accuracy", accuracy(logits.numpy()), accuracy(theirs))


def refused(folder, run):
    exported = torch.export.export(trained(folder), (PICTURES[TEST][:2],)).module()
    try:
        convert(exported, Plan.read(run))
    except PlanError as error:
        print("refused", error)


def tune(folder, run):
    plan = Plan.read(run)
    model = trained(folder)
    quantizers = prepare(model, plan)
    train(model, 50, 5e-4)
    model.eval()
    scales = learned_scales(model, plan, quantizers)
    moved = [n for n, s in scales.items() if s.scale != plan.scales(n, role(plan, n)).scale]
    print("moved", *sorted(moved))
    with torch.no_grad():
        np.save(folder / "tuned.npy", model(PICTURES[TEST]).numpy())
    write_back(model, plan, quantizers, folder / "model.onnx", folder / "tuned")
    np.savez(folder / "tuned.npz", **{n: p.detach().numpy() for n, p in model.named_parameters()})


def role(plan, name):
    return "weight" if (name, "weight") in plan.tensors else "activation"


def compare(folder, planned, run):
    plan = Plan.read(planned)
    given = json.loads((folder / "tuned" / "scales.json").read_text())["scales"]
    for name, each in given.items():
        found = plan.scales(name, role(plan, name))
        assert list(found.scale) == each["scale"], name
        assert list(found.zero_point) == each["zero-point"], name
    print("scales", len(given))
    constants, parameters = dequantized(run), np.load(folder / "tuned.npz")
    away = [
        np.abs(of_layer(constants, layer, tensor) - parameters[f"{layer}.{tensor}"]).max()
        for layer in LAYERS
        for tensor in ["weight", "bias"]
    ]
    print("constants", max(away))
    mine, theirs = np.load(folder / "tuned.npy"), quantized_by_tare(run)
    print("logits", np.abs(mine - theirs).max(), "of", np.abs(mine).max())
    print("accuracy", accuracy(mine), accuracy(theirs))


if __name__ == "__main__":
    steps = {"make": make, "load": load, "train": tune, "compare": compare, "refused": refused}
    steps[sys.argv[1]](*map(pathlib.Path, sys.argv[2:]))
