"""Runs ONNX models by OpenVINO on a CPU: what `tare evaluate --target openvino` compares with.

    tare_openvino.py version            the version of OpenVINO
    tare_openvino.py kernels MODEL...   the kernels of products in each model
    tare_openvino.py run JOB            runs a model on samples

JOB is a JSON file:
    model      path of the model
    outputs    names of the tensors to read; those that are no outputs become some
    samples    a list; each an object of inputs by name: file, dtype (numpy's, as "<f4"), shape
    results    folder to write to

It writes N-M.f32, output M of sample N in little-endian float32, and result.json with the shapes,
the kernels and the version. Arithmetic is float32: OpenVINO's own choice is bfloat16 on some
processors, which is no fault of the model.
"""

import json
import pathlib
import sys

import numpy
import openvino

PRODUCTS = ("Convolution", "Deconvolution", "FullyConnected", "GroupConvolution", "MatMul")
PRECISION = {"INFERENCE_PRECISION_HINT": "f32"}


def compiled(path, outputs=()):
    core = openvino.Core()
    model = core.read_model(path)
    own = {name for output in model.outputs for name in output.get_names()}
    more = [name for name in outputs if name not in own]
    if more:
        model.add_outputs(more)
    return core.compile_model(model, "CPU", PRECISION)


def kernels(model):
    """How many products of each layer and kernel; integer kernels end in _I8 or _i8."""
    counts = {}
    for operator in model.get_runtime_model().get_ops():
        facts = operator.get_rt_info()
        layer = facts["layerType"].astype(str) if "layerType" in facts else ""
        if layer in PRODUCTS:
            # runtimePrecision names the type of the output.
            kernel = facts["primitiveType"].astype(str) if "primitiveType" in facts else ""
            key = layer + " " + kernel
            counts[key] = counts.get(key, 0) + 1
    return dict(sorted(counts.items()))


def run(job):
    model = compiled(job["model"], job["outputs"])
    results = pathlib.Path(job["results"])
    request = model.create_infer_request()
    shapes = []
    for number, sample in enumerate(job["samples"]):
        inputs = {
            name: numpy.fromfile(tensor["file"], tensor["dtype"]).reshape(tensor["shape"])
            for name, tensor in sample.items()
        }
        request.infer(inputs)
        shapes.append([])
        for index, name in enumerate(job["outputs"]):
            values = request.get_tensor(model.output(name)).data
            values.astype("<f4").tofile(results / f"{number}-{index}.f32")
            shapes[-1].append(list(values.shape))
    result = {"version": openvino.__version__, "kernels": kernels(model), "shapes": shapes}
    (results / "result.json").write_text(json.dumps(result))


def main(arguments):
    if arguments == ["version"]:
        print(openvino.__version__)
    elif len(arguments) > 1 and arguments[0] == "kernels":
        for path in arguments[1:]:
            print(path, json.dumps(kernels(compiled(path))))
    elif len(arguments) == 2 and arguments[0] == "run":
        run(json.loads(pathlib.Path(arguments[1]).read_text()))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
