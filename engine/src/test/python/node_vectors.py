"""Writes the ONNX standard's own vectors of the quantizing operators.

Usage: node_vectors.py FOLDER

One folder a vector: model.onnx, input_N.pb and output_N.pb (TensorProto).
"""

import pathlib
import sys
import warnings

import numpy
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests


def proto(value, info):
    if isinstance(value, onnx.TensorProto):
        tensor = value
    else:
        tensor = numpy_helper.from_array(numpy.asarray(value), info.name)
    declared = info.type.tensor_type.elem_type
    if tensor.data_type != declared:
        raise ValueError(f"{info.name}: type {tensor.data_type}, declared {declared}")
    return tensor


def write(test, folder):
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(test.model, folder / "model.onnx")
    (inputs, outputs), = test.data_sets
    graph = test.model.graph
    for kind, values, infos in (("input", inputs, graph.input), ("output", outputs, graph.output)):
        for i, (value, info) in enumerate(zip(values, infos, strict=True)):
            data = proto(value, info).SerializeToString(deterministic=True)
            (folder / f"{kind}_{i}.pb").write_bytes(data)


def main():
    warnings.simplefilter("ignore")
    target = pathlib.Path(sys.argv[1])
    tests = [t for t in load_model_tests(kind="node") if "quantizelinear" in t.name]
    for test in tests:
        write(test, target / test.name)
    print(len(tests))


if __name__ == "__main__":
    main()
