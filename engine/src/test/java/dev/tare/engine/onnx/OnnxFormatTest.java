package dev.tare.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import dev.tare.engine.onnx.proto.OnnxFormat;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.Version;
import dev.tare.testkit.Models;
import dev.tare.testkit.PythonEnvironment;
import dev.tare.testkit.SmallModels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The schema file of ours says what the standard's says, and no more. */
@Tag("slow")
class OnnxFormatTest {

  private static final Path SCRIPTS = Path.of("src", "test", "python");

  private final List<String> lines = new ArrayList<>();

  @Test
  void fieldsNumbersAndTypesAreThoseOfTheStandard() {
    PythonEnvironment python = PythonEnvironment.of(SCRIPTS.resolve("requirements-onnx.txt"));
    List<String> theirs =
        python.script(SCRIPTS.resolve("onnx_format.py").toString()).lines().toList();
    FileDescriptorProto file = OnnxFormat.getDescriptor().toProto();
    file.getEnumTypeList().forEach(type -> values("", type));
    file.getMessageTypeList().forEach(type -> fields("", type));
    assertThat(theirs).hasSizeGreaterThan(200).contains("ModelProto.graph = 7 optional GraphProto");
    assertThat(lines).containsExactlyInAnyOrderElementsOf(theirs);
  }

  @Test
  void theNewestVersionOfTheFormatIsKnown() {
    assertThat(Version.IR_VERSION.getNumber()).isEqualTo(14);
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT, 20",
    "DOUBLE, 40",
    "COMPLEX64, 40",
    "COMPLEX128, 80",
    "BFLOAT16, 10",
    "BOOL, 5",
    "FLOAT8E4M3FN, 5",
    "FLOAT8E8M0, 5",
    "FLOAT6E2M3, 4",
    "FLOAT6E3M2, 4",
    "FLOAT4E2M1, 3",
    "INT4, 3",
    "UINT4, 3",
    "INT2, 2",
    "UINT2, 2"
  })
  void fiveElementsHaveTheBytesOfTheStandard(TensorProto.DataType type, int bytes) {
    for (int given : new int[] {bytes - 1, bytes, bytes + 1}) {
      TensorProto tensor =
          TensorProto.newBuilder()
              .setName("t")
              .setDataType(type.getNumber())
              .addDims(5)
              .setRawData(ByteString.copyFrom(new byte[given]))
              .build();
      Models models = SmallModels.mlp().constant(tensor);
      if (given == bytes) {
        models.build();
      } else {
        assertThatThrownBy(models::build).hasMessageContaining("%d bytes instead of", given);
      }
    }
  }

  private void values(String scope, EnumDescriptorProto type) {
    type.getValueList()
        .forEach(
            value ->
                lines.add(
                    "%s%s.%s = %d"
                        .formatted(scope, type.getName(), value.getName(), value.getNumber())));
  }

  private void fields(String scope, DescriptorProto type) {
    String name = scope + type.getName();
    for (FieldDescriptorProto field : type.getFieldList()) {
      String kind =
          field.getTypeName().isEmpty()
              ? field.getType().name().substring("TYPE_".length()).toLowerCase(Locale.ROOT)
              : field.getTypeName().substring(".onnx.".length());
      String label = field.getLabel().name().substring("LABEL_".length()).toLowerCase(Locale.ROOT);
      String oneof =
          field.hasOneofIndex() ? type.getOneofDecl(field.getOneofIndex()).getName() : "";
      String packed = field.getOptions().getPacked() ? "packed" : "";
      lines.add(
          "%s.%s = %d %s %s %s%s"
              .formatted(name, field.getName(), field.getNumber(), label, kind, oneof, packed)
              .stripTrailing());
    }
    for (DescriptorProto.ReservedRange range : type.getReservedRangeList()) {
      for (int number = range.getStart(); number < range.getEnd(); number++) {
        lines.add(name + " reserves " + number);
      }
    }
    type.getEnumTypeList().forEach(inner -> values(name + ".", inner));
    type.getNestedTypeList().forEach(inner -> fields(name + ".", inner));
  }
}
