package dev.tare.engine.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import org.tensorflow.lite.schema.MetadataT;
import org.tensorflow.lite.schema.OperatorCodeT;
import org.tensorflow.lite.schema.OperatorT;
import org.tensorflow.lite.schema.QuantizationParametersT;
import org.tensorflow.lite.schema.SignatureDef;
import org.tensorflow.lite.schema.SignatureDefT;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.SubGraphT;
import org.tensorflow.lite.schema.TensorT;

/**
 * Copies of tables. Reading turns an absent vector into an empty one, which the runtime takes for a
 * statement: where that is never one, it becomes absent again.
 */
final class FlatCopies {

  private FlatCopies() {}

  static SubGraphT of(SubGraphT graph) {
    FlatBufferBuilder builder = new FlatBufferBuilder(1 << 16);
    builder.finish(SubGraph.pack(builder, graph));
    return unpacked(SubGraph.getRootAsSubGraph(builder.dataBuffer()));
  }

  static SubGraphT unpacked(SubGraph graph) {
    SubGraphT copy = graph.unpack();
    for (TensorT tensor : copy.getTensors()) {
      if (tensor.getShapeSignature() != null && tensor.getShapeSignature().length == 0) {
        tensor.setShapeSignature(null);
      }
      if (tensor.getVariantTensors() != null && tensor.getVariantTensors().length == 0) {
        tensor.setVariantTensors(null);
      }
      tidy(tensor.getQuantization());
    }
    for (OperatorT operator : copy.getOperators()) {
      // An operator with options of its own, be they empty, would be refused.
      if (operator.getCustomOptions() != null && operator.getCustomOptions().length == 0) {
        operator.setCustomOptions(null);
      }
      if (operator.getMutatingVariableInputs() != null
          && operator.getMutatingVariableInputs().length == 0) {
        operator.setMutatingVariableInputs(null);
      }
      if (operator.getIntermediates() != null && operator.getIntermediates().length == 0) {
        operator.setIntermediates(null);
      }
    }
    return copy;
  }

  private static void tidy(QuantizationParametersT quantization) {
    if (quantization == null) {
      return;
    }
    if (quantization.getMin() != null && quantization.getMin().length == 0) {
      quantization.setMin(null);
    }
    if (quantization.getMax() != null && quantization.getMax().length == 0) {
      quantization.setMax(null);
    }
    if (quantization.getScale() != null && quantization.getScale().length == 0) {
      quantization.setScale(null);
    }
    if (quantization.getZeroPoint() != null && quantization.getZeroPoint().length == 0) {
      quantization.setZeroPoint(null);
    }
  }

  static SignatureDefT of(SignatureDefT signature) {
    FlatBufferBuilder builder = new FlatBufferBuilder(1 << 10);
    builder.finish(SignatureDef.pack(builder, signature));
    return SignatureDef.getRootAsSignatureDef(builder.dataBuffer()).unpack();
  }

  static OperatorCodeT of(OperatorCodeT code) {
    OperatorCodeT copy = new OperatorCodeT();
    copy.setBuiltinCode(code.getBuiltinCode());
    copy.setDeprecatedBuiltinCode(code.getDeprecatedBuiltinCode());
    copy.setCustomCode(code.getCustomCode());
    copy.setVersion(code.getVersion());
    return copy;
  }

  static MetadataT of(MetadataT metadata) {
    MetadataT copy = new MetadataT();
    copy.setName(metadata.getName());
    copy.setBuffer(metadata.getBuffer());
    return copy;
  }
}
