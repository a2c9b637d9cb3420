"""Runs ONNX models by OpenVINO on a CPU: what `tare evaluate --target openvino` compares with.

    tare_openvino.py version            the version of OpenVINO
    tare_openvino.py kernels MODEL...   the kernels of products in each model
    tare_openvino.py run JOB            runs a model on samples
    tare_openvino.py time JOB           times two models in turns

JOB is a JSON file. To run:
    model      path of the model
    outputs    names of the tensors to read; those that are no outputs become some
    samples    a list; each an object of inputs by name: file, dtype (numpy's, as "<f4"), shape
    results    folder to write to

It writes N-M.f32, output M of sample N in little-endian float32, and result.json with the shapes,
the kernels and the version. Arithmetic is float32: OpenVINO's own choice is bfloat16 on some
processors, which is no fault of the model.

To time, with OpenVINO's own choice of arithmetic, which result.json names:
    float, quantized    paths of both models
    threads             of each
    samples             as above, and axis: along which samples of a batch are joined
    batches             a list of lists of indices of samples
    fewest-pairs, most-pairs, seconds, decided
                        when to end: see the code
    results             folder to write to
It writes result.json with float-ns and quantized-ns, pair by pair.
"""

import json
import math
import pathlib
import statistics
import sys
import time

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


def read(tensor):
    return numpy.fromfile(tensor["file"], tensor["dtype"]).reshape(tensor["shape"])


def run(job):
    model = compiled(job["model"], job["outputs"])
    results = pathlib.Path(job["results"])
    request = model.create_infer_request()
    shapes = []
    for number, sample in enumerate(job["samples"]):
        request.infer({name: read(tensor) for name, tensor in sample.items()})
        shapes.append([])
        for index, name in enumerate(job["outputs"]):
            values = request.get_tensor(model.output(name)).data
            values.astype("<f4").tofile(results / f"{number}-{index}.f32")
            shapes[-1].append(list(values.shape))
    result = {"version": openvino.__version__, "kernels": kernels(model), "shapes": shapes}
    (results / "result.json").write_text(json.dumps(result))


def joined(samples):
    inputs = {}
    for name, tensor in samples[0].items():
        parts = [read(sample[name]) for sample in samples]
        inputs[name] = parts[0] if len(parts) == 1 else numpy.concatenate(parts, tensor["axis"])
    return inputs


def is_decided(ratios, share):
    """Whether the median's 95 % interval, by order statistics, is within a share of the median."""
    ratios = sorted(ratios)
    rank = math.floor(len(ratios) / 2 - 1.96 * math.sqrt(len(ratios)) / 2)
    reach = max(0, min((len(ratios) - 1) // 2, rank))
    middle = statistics.median(ratios)
    return max(ratios[-1 - reach] - middle, middle - ratios[reach]) <= share * middle


def nanoseconds(request, inputs):
    start = time.perf_counter_ns()
    request.infer(inputs, share_inputs=True)
    return time.perf_counter_ns() - start


def measure(job):
    core = openvino.Core()
    models = [
        core.compile_model(job[key], "CPU", {"INFERENCE_NUM_THREADS": job["threads"]})
        for key in ("float", "quantized")
    ]
    requests = [model.create_infer_request() for model in models]
    batches = [joined([job["samples"][index] for index in batch]) for batch in job["batches"]]
    # Kernels for a shape are made when it is met first.
    for batch in batches + batches[:3]:
        for request in requests:
            nanoseconds(request, batch)
    times = ([], [])
    end = time.monotonic() + job["seconds"]
    while len(times[0]) < job["most-pairs"]:
        pairs = len(times[0])
        if pairs >= job["fewest-pairs"] and pairs % 10 == 0:
            ratios = [other / own for own, other in zip(*times)]
            if time.monotonic() > end or is_decided(ratios, job["decided"]):
                break
        # Each goes first in turn: what follows finds warmer caches.
        for side in (0, 1) if pairs % 2 == 0 else (1, 0):
            times[side].append(nanoseconds(requests[side], batches[pairs % len(batches)]))
    result = {
        "version": openvino.__version__,
        "precision": models[0].get_property("INFERENCE_PRECISION_HINT").get_type_name(),
        "float-ns": times[0],
        "quantized-ns": times[1],
    }
    (pathlib.Path(job["results"]) / "result.json").write_text(json.dumps(result))


def main(arguments):
    if arguments == ["version"]:
        print(openvino.__version__)
    elif len(arguments) > 1 and arguments[0] == "kernels":
        for path in arguments[1:]:
            print(path, json.dumps(kernels(compiled(path))))
    elif len(arguments) == 2 and arguments[0] == "run":
        run(json.loads(pathlib.Path(arguments[1]).read_text()))
    elif len(arguments) == 2 and arguments[0] == "time":
        measure(json.loads(pathlib.Path(arguments[1]).read_text()))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
