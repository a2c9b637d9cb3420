"""Runs integer models in LiteRT and compares their outputs with integers that another runtime gave.

Usage: litert_outputs.py FOLDER

Each folder in FOLDER has model.tflite, and NAME.input and NAME.output: integers of 32 bits for each input
and output. Prints a line for each folder: how many outputs, and the largest difference.
"""

import pathlib
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter

for model in sorted(pathlib.Path(sys.argv[1]).glob("*/model.tflite")):
    interpreter = Interpreter(model_path=str(model))
    interpreter.allocate_tensors()

    def integers(tensor, kind):
        return np.fromfile(model.with_name(f"{tensor['name']}.{kind}"), "<i4")

    for given in interpreter.get_input_details():
        values = integers(given, "input").reshape(given["shape"])
        interpreter.set_tensor(given["index"], values.astype(given["dtype"]))
    interpreter.invoke()
    outputs = interpreter.get_output_details()
    largest = 0
    for output in outputs:
        found = interpreter.get_tensor(output["index"]).astype(np.int64).reshape(-1)
        wanted = integers(output, "output")
        assert found.shape == wanted.shape, (model, output["name"], found.shape, wanted.shape)
        largest = max(largest, int(np.abs(found - wanted).max()))
    print(f"{model.parent.name}: {len(outputs)} outputs, largest difference {largest}")
