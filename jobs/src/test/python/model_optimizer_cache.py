"""Model Optimizer quantizes a model with the scales of a calibration cache.

Usage: model_optimizer_cache.py FLOAT_MODEL CACHE FOLDER

Prints one JSON object: the bits of the scale of each quantized activation, as hexadecimal digits.
"""

import json
import pathlib
import shutil
import struct
import sys

import onnx
from modelopt.onnx.quantization import quantize

model, cache, folder = sys.argv[1:]
folder = pathlib.Path(folder)
# The source file is rewritten in place.
copy = folder / "float.onnx"
shutil.copy(model, copy)
quantize(
    str(copy),
    calibration_cache_path=cache,
    calibration_eps=["cpu"],
    high_precision_dtype="fp32",
    dq_only=True,
    output_path=str(folder / "quantized.onnx"),
)
quantized = onnx.load(folder / "quantized.onnx").graph
constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in quantized.initializer}
for node in quantized.node:
    if node.op_type == "Constant":
        constants[node.output[0]] = onnx.numpy_helper.to_array(node.attribute[0].t)
scales = {}
for node in quantized.node:
    if node.op_type == "QuantizeLinear" and node.input[0] not in constants:
        scales[node.input[0]] = struct.pack(">f", constants[node.input[1]].item()).hex()
print()
print(json.dumps(scales))
