"""Lists where ONNX Runtime's quantize_static puts QuantizeLinear and DequantizeLinear.

pip install onnxruntime==1.29.0 onnx==1.19.1 numpy==2.4.6 sympy
mvn -q -B -pl engine test-compile; java -cp engine/target/test-classes:engine/target/classes:CLASS_PATH \
    dev.tare.engine.onnx.PlacementModels engine/target/placement
python ort_placement.py engine/target/placement FOLDER_OF_THIS_FILE

Constants become initializers first. Calibration is MinMax on one random input, since only names
matter; all other options are the defaults. A line is a float tensor, the tensor that the scale is
named after, and what reads it dequantized, separated by tabs; consumers by spaces, sorted.
A bias is left out: it is int32 wherever its weight is quantized.
"""
import pathlib, sys
import numpy as np, onnx
from onnx import helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

IMAGES = {"direction": (1, 3, 48, 192), "recognition": (1, 3, 48, 320)}


def feeds(name, model):
    random = np.random.default_rng(1)
    values = {}
    initializers = {t.name for t in model.graph.initializer}
    for i in model.graph.input:
        if i.name in initializers:
            continue
        dims = [d.dim_value or 1 for d in i.type.tensor_type.shape.dim]
        if name in IMAGES:
            dims = IMAGES[name]
        elif name == "sentences":
            dims = [1, 12]
        if i.type.tensor_type.elem_type == onnx.TensorProto.INT64:
            values[i.name] = np.ones(dims, np.int64)
        else:
            values[i.name] = random.standard_normal(dims).astype(np.float32)
    return values


class Once(CalibrationDataReader):
    def __init__(self, values):
        self.values = [values]

    def get_next(self):
        return self.values.pop() if self.values else None


def with_initializers(model):
    kept = []
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            tensor = onnx.TensorProto()
            tensor.CopyFrom(node.attribute[0].t)
            tensor.name = node.output[0]
            model.graph.initializer.append(tensor)
        else:
            kept.append(node)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return model


def base(name):
    return name.removesuffix("_QuantizeLinear_Input").removesuffix("_quantized")


def placement(graph):
    biases = {n.output[0] for n in graph.node if n.op_type == "DequantizeLinear" and n.input[1].endswith("_quantized_scale")}
    readers = {}
    for node in graph.node:
        for tensor in node.input:
            readers.setdefault(tensor, set()).add(node.name)
    for output in graph.output:
        readers.setdefault(output.name, set()).add("<graph output>")
    quantizers = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "QuantizeLinear"}
    for node in graph.node:
        if node.op_type == "DequantizeLinear" and node.output[0] not in biases:
            tensor = base(quantizers.get(node.input[0], node.input[0]))
            consumers = sorted(readers.get(node.output[0], ()))
            yield tensor, node.input[1].removesuffix("_scale"), " ".join(consumers)


folder, out = map(pathlib.Path, sys.argv[1:])
for file in sorted(folder.glob("*.onnx")):
    name = file.stem
    model = with_initializers(onnx.load(file))
    quantize_static(
        model,
        folder / (name + ".quantized"),
        Once(feeds(name, model)),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )
    graph = onnx.load(folder / (name + ".quantized")).graph
    rows = sorted("\t".join(row) for row in placement(graph))
    (out / (name + ".tsv")).write_text("\n".join(rows) + "\n")
    print(name, len(rows))
