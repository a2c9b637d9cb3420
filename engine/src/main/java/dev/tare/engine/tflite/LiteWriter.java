package dev.tare.engine.tflite;

import com.google.flatbuffers.FlatBufferBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.tensorflow.lite.schema.Buffer;
import org.tensorflow.lite.schema.Metadata;
import org.tensorflow.lite.schema.MetadataT;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.OperatorCode;
import org.tensorflow.lite.schema.SignatureDef;
import org.tensorflow.lite.schema.SubGraph;
import org.tensorflow.lite.schema.TensorT;

/**
 * Writes a model table by table. Data is aligned to 16 bytes, which kernels rely on; buffers that
 * nothing uses are written empty, so that the others keep their numbers. Files that are packed
 * behind the model follow it again.
 */
final class LiteWriter {

  private static final int ALIGNMENT = 16;
  private static final int VERSION = 3;
  private static final int TABLES = 1 << 16;

  private LiteWriter() {}

  static void write(LiteDraft model, OutputStream out) throws IOException {
    Set<Long> used = new TreeSet<>();
    for (TensorT tensor : model.graph().getTensors()) {
      used.add(tensor.getBuffer());
    }
    for (MetadataT entry : model.metadata()) {
      used.add(entry.getBuffer());
    }
    model.attachments().buffers().forEach(buffer -> used.add((long) buffer));
    long bytes = TABLES;
    for (long buffer : used) {
      bytes += model.buffers().get((int) buffer).remaining() + ALIGNMENT;
    }
    FlatBufferBuilder builder = new FlatBufferBuilder((int) Math.min(bytes, 1 << 30));
    // From the back of the file: data last, as other writers have it.
    int buffers = buffers(builder, model.buffers(), used);
    int codes =
        Model.createOperatorCodesVector(
            builder,
            model.codes().stream().mapToInt(code -> OperatorCode.pack(builder, code)).toArray());
    int graphs =
        Model.createSubgraphsVector(builder, new int[] {SubGraph.pack(builder, model.graph())});
    int description = model.description().isEmpty() ? 0 : builder.createString(model.description());
    int attached =
        model.attachments().buffers().isEmpty()
            ? 0
            : Model.createMetadataBufferVector(
                builder,
                model.attachments().buffers().stream().mapToInt(Integer::intValue).toArray());
    int metadata =
        model.metadata().isEmpty()
            ? 0
            : Model.createMetadataVector(
                builder,
                model.metadata().stream()
                    .mapToInt(entry -> Metadata.pack(builder, entry))
                    .toArray());
    int signatures =
        model.signatures().isEmpty()
            ? 0
            : Model.createSignatureDefsVector(
                builder,
                model.signatures().stream()
                    .mapToInt(signature -> SignatureDef.pack(builder, signature))
                    .toArray());
    Model.startModel(builder);
    Model.addVersion(builder, VERSION);
    Model.addOperatorCodes(builder, codes);
    Model.addSubgraphs(builder, graphs);
    if (description != 0) {
      Model.addDescription(builder, description);
    }
    Model.addBuffers(builder, buffers);
    if (attached != 0) {
      Model.addMetadataBuffer(builder, attached);
    }
    if (metadata != 0) {
      Model.addMetadata(builder, metadata);
    }
    if (signatures != 0) {
      Model.addSignatureDefs(builder, signatures);
    }
    builder.finish(Model.endModel(builder), LiteFile.IDENTIFIER);
    ByteBuffer all = builder.dataBuffer();
    ByteBuffer files = PackedFiles.at(model.attachments().files(), all.remaining());
    WritableByteChannel channel = Channels.newChannel(out);
    for (ByteBuffer part : List.of(all, files)) {
      while (part.hasRemaining()) {
        channel.write(part);
      }
    }
  }

  private static int buffers(FlatBufferBuilder builder, List<ByteBuffer> all, Set<Long> used) {
    int[] tables = new int[all.size()];
    for (int i = all.size() - 1; i >= 0; i--) {
      int data = 0;
      if (used.contains((long) i) && all.get(i).hasRemaining()) {
        ByteBuffer bytes = all.get(i).duplicate();
        builder.createUnintializedVector(1, bytes.remaining(), ALIGNMENT).put(bytes);
        data = builder.endVector();
      }
      Buffer.startBuffer(builder);
      if (data != 0) {
        Buffer.addData(builder, data);
      }
      tables[i] = Buffer.endBuffer(builder);
    }
    return Model.createBuffersVector(builder, tables);
  }
}
