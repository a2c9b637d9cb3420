"""AI Edge Quantizer quantizes a model with the ranges of a file that Tare exported.

Usage: ai_edge_quantizer_ranges.py FLOAT_MODEL RANGES QUANTIZED_MODEL

Writes the model, runs it once on zeros, and prints one JSON object: scale and zero point of each tensor
of the quantized model that has one of each.
"""

import json
import pathlib
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import quantizer, recipe
from ai_edge_quantizer.utils import calibration_utils

model, ranges, written = sys.argv[1:]
ranges, _ = calibration_utils.load_calibration_results(ranges)
tool = quantizer.Quantizer(model)
tool.load_quantization_recipe(recipe.static_wi8_ai8())
result = tool.quantize(ranges, enable_progress_report=False)
content = bytes(result.quantized_model)
pathlib.Path(written).write_bytes(content)
interpreter = Interpreter(model_content=content)
interpreter.allocate_tensors()
for given in interpreter.get_input_details():
    interpreter.set_tensor(given["index"], np.zeros(given["shape"], given["dtype"]))
interpreter.invoke()
scales = {}
for tensor in interpreter.get_tensor_details():
    own = tensor["quantization_parameters"]
    if tensor["name"] and len(own["scales"]) == 1:
        scales[tensor["name"]] = [float(own["scales"][0]), int(own["zero_points"][0])]
print()
print(json.dumps(scales))
