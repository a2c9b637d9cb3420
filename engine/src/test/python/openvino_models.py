"""Runs small models by OpenVINO on a CPU, in float32: openvino_models.py FOLDER COUNT

For each N below COUNT it reads N.onnx and N.txt, which has an input in each line: name, file, and its
shape with commas. It writes N.out, the first output in little-endian float32.
"""

import pathlib
import sys

import numpy
import openvino

folder = pathlib.Path(sys.argv[1])
core = openvino.Core()
for number in range(int(sys.argv[2])):
    model = core.compile_model(
        str(folder / f"{number}.onnx"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    inputs = {}
    for line in (folder / f"{number}.txt").read_text().splitlines():
        name, file, shape = line.split()
        values = numpy.fromfile(folder / file, "<f4")
        inputs[name] = values.reshape([int(size) for size in shape.split(",")])
    result = model(inputs)[model.output(0)]
    (folder / f"{number}.out").write_bytes(result.astype("<f4").tobytes())
