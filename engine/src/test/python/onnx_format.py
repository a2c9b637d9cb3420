"""Prints the format of ONNX files as the onnx package has it: a line for each field and each value.

Usage: onnx_format.py
"""

from google.protobuf import descriptor_pb2
from onnx import onnx_ml_pb2

Field = descriptor_pb2.FieldDescriptorProto


def enum(scope, proto):
    for value in proto.value:
        print(f"{scope}{proto.name}.{value.name} = {value.number}")


def message(scope, proto):
    name = scope + proto.name
    for field in proto.field:
        kind = field.type_name.removeprefix(".onnx.") or Field.Type.Name(field.type)[5:].lower()
        label = Field.Label.Name(field.label)[6:].lower()
        oneof = proto.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""
        packed = "packed" if field.options.packed else ""
        print(f"{name}.{field.name} = {field.number} {label} {kind} {oneof}{packed}".rstrip())
    for each in proto.reserved_range:
        for number in range(each.start, each.end):
            print(f"{name} reserves {number}")
    for inner in proto.enum_type:
        enum(name + ".", inner)
    for inner in proto.nested_type:
        message(name + ".", inner)


file = descriptor_pb2.FileDescriptorProto()
onnx_ml_pb2.DESCRIPTOR.CopyToProto(file)
for each in file.enum_type:
    enum("", each)
for each in file.message_type:
    message("", each)
