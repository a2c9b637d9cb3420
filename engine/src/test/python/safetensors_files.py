"""Reads a safetensors file with the library, prints its tensors, and writes them to another one."""

import hashlib
import sys

import numpy
import safetensors

NAMES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
}

ours, theirs = sys.argv[1:]
with open(ours, "rb") as file:
    tensors = safetensors.deserialize(file.read())
kept = []
specs = {}
for name, tensor in sorted(tensors):
    data = bytes(tensor["data"])
    array = numpy.frombuffer(data, numpy.uint8).copy()
    kept.append(array)
    specs[name] = safetensors.TensorSpec(
        dtype=NAMES[tensor["dtype"]],
        shape=tensor["shape"],
        data_ptr=array.ctypes.data,
        data_len=len(data),
    )
    print(name, tensor["dtype"], tensor["shape"], hashlib.sha256(data).hexdigest())
safetensors.serialize_file(specs, theirs, {"format": "pt"})
with safetensors.safe_open(ours, framework="numpy") as file:
    for name, tensor in tensors:
        if tensor["dtype"] in ("F32", "F16", "I64", "U8", "BOOL"):
            assert file.get_tensor(name).tobytes() == bytes(tensor["data"]), name
