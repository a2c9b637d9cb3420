"""Compares a .tflite model of Tare with the one that AI Edge Quantizer makes from the same ranges.

Usage: ai_edge_quantizer_accuracy.py FLOAT_MODEL RANGES QUANTIZED_MODEL PICTURES

PICTURES is a folder of PNG files of the size of the model's input; values are divided by 255. Both models
run with LiteRT's reference choice of kernels. Prints the SQNR of each output in dB. Needs the packages in
requirements-ai-edge-quantizer.txt.
"""

import pathlib
import sys
import tempfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from ai_edge_litert.tools import flatbuffer_utils
from ai_edge_quantizer import quantizer, recipe
from ai_edge_quantizer.utils import calibration_utils
from PIL import Image


def outputs(model, pictures):
    interpreter = Interpreter(
        model_path=str(model),
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]
    wanted = sorted(interpreter.get_output_details(), key=lambda output: output["name"])
    rows = []
    for picture in pictures:
        if given["dtype"] == np.int8:
            scale, zero = given["quantization"]
            picture = np.clip(np.rint(picture / np.float32(scale)) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(given["index"], picture)
        interpreter.invoke()
        row = []
        for output in wanted:
            values = interpreter.get_tensor(output["index"]).astype(np.float64)
            scale, zero = output["quantization"]
            row.append((values - zero) * scale if output["dtype"] == np.int8 else values)
        rows.append(row)
    return [output["name"] for output in wanted], rows


def sqnr(exact, found, output):
    signal = sum((row[output] ** 2).sum() for row in exact)
    noise = sum(((a[output] - b[output]) ** 2).sum() for a, b in zip(exact, found))
    return 10 * np.log10(signal / noise)


model, ranges, ours, folder = sys.argv[1:]
pictures = [
    np.asarray(Image.open(file).convert("RGB"), np.float32)[None] / 255
    for file in sorted(pathlib.Path(folder).glob("*.png"))
]
with tempfile.TemporaryDirectory() as temporary:
    temporary = pathlib.Path(temporary)
    # Old files have the number of an operator in another field, and are taken for sums.
    mended = flatbuffer_utils.read_model(model)
    for code in mended.operatorCodes:
        code.builtinCode = max(code.builtinCode, code.deprecatedBuiltinCode)
    flatbuffer_utils.write_model(mended, str(temporary / "float.tflite"))
    ranges, _ = calibration_utils.load_calibration_results(ranges)
    tool = quantizer.Quantizer(str(temporary / "float.tflite"))
    tool.load_quantization_recipe(recipe.static_wi8_ai8())
    result = tool.quantize(ranges, enable_progress_report=False)
    (temporary / "theirs.tflite").write_bytes(bytes(result.quantized_model))
    names, exact = outputs(model, pictures)
    _, theirs = outputs(temporary / "theirs.tflite", pictures)
_, own = outputs(ours, pictures)
print(f"{len(pictures)} pictures")
for i, name in enumerate(names):
    print(f"{name}: Tare {sqnr(exact, own, i):.2f} dB, AI Edge Quantizer {sqnr(exact, theirs, i):.2f} dB")
