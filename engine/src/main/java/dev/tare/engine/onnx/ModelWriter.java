package dev.tare.engine.onnx;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.graph.ExternalRegion;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.TensorProto;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Writes models of any size: as one file up to 2 GiB, else with the data of initializers in a
 * second file in the same folder.
 *
 * <p>Equal models give equal bytes. Memory: that of the model without its initializers.
 *
 * @see <a href="https://github.com/onnx/onnx/blob/main/docs/ExternalData.md">ONNX External Data</a>
 */
public final class ModelWriter {

  /** Smaller tensors stay in the model's file, like the default of the onnx package. */
  private static final int MIN_DATA_BYTES = 1024;

  /**
   * Alignment of data, so that runtimes can map a tensor: the page size of Linux, and the unit in
   * which Windows maps files.
   */
  private static final int PAGE = 4096;

  private static final int MAPPING_UNIT = 65_536;
  private static final int LARGE = 1 << 20;

  /** Allowance for the length prefixes of the fields around a tensor. */
  private static final int OVERHEAD = 64;

  private ModelWriter() {}

  /** Whether the model can be one file. Cost: a walk over its tensors. */
  public static boolean fitsOneFile(OnnxModel model) {
    return model.graph().getInitializerList().stream().allMatch(TensorCodec::held)
        && fits(inlined(model));
  }

  /** Protobuf cannot report a size above an int, so it is added up here. */
  private static boolean fits(ModelProto proto) {
    long bytes = withoutInitializers(proto).getSerializedSize();
    for (TensorProto tensor : proto.getGraph().getInitializerList()) {
      int raw = tensor.getRawData().size();
      TensorProto small = raw == 0 ? tensor : tensor.toBuilder().clearRawData().build();
      bytes += OVERHEAD + small.getSerializedSize() + (long) raw;
    }
    return bytes <= OnnxModel.MAX_FILE_BYTES;
  }

  private static ModelProto withoutInitializers(ModelProto proto) {
    return proto.toBuilder().setGraph(proto.getGraph().toBuilder().clearInitializer()).build();
  }

  /**
   * Returns the model with all tensor data in its own file, except tensors that are too large for
   * that.
   */
  private static ModelProto inlined(OnnxModel model) {
    return new ExternalWalk<RuntimeException>((tensor, what, main) -> Optional.of(inlined(tensor)))
        .visit(model.proto());
  }

  private static TensorProto inlined(TensorProto tensor) {
    return TensorCodec.held(tensor)
        ? tensor.toBuilder().clearDataLocation().clearExternalData().build()
        : tensor;
  }

  static ModelProto whole(OnnxModel model) {
    if (!fitsOneFile(model)) {
      throw new InvalidModelException(
          model.name(), "it has more than 2 GiB, which does not fit a single ONNX file");
    }
    return inlined(model);
  }

  /**
   * Whether {@link #writeReferring} can write the model: it was read from a file with external
   * data, and fits one file without that data.
   */
  public static boolean canRefer(OnnxModel model) {
    return model.graph().getInitializerList().stream().anyMatch(ExternalRegion::isExternal)
        && fits(referring(model));
  }

  /**
   * Writes a model that refers to the data files of the model it was made from: only what changed
   * since is written, into its own file. It can only be opened in the folder of those files.
   */
  public static void writeReferring(OnnxModel model, OutputStream out) throws IOException {
    referring(model).writeTo(out);
  }

  private static ModelProto referring(OnnxModel model) {
    return new ExternalWalk<RuntimeException>(
            (tensor, what, main) ->
                Optional.of(main ? tensor.toBuilder().clearRawData().build() : inlined(tensor)))
        .visit(model.proto());
  }

  /**
   * Writes a model as two files: raw data of at least {@value #MIN_DATA_BYTES} bytes of an
   * initializer goes to the second, in the order of the graph, at offsets that can be mapped. Data
   * in typed fields, and that of attributes and subgraphs, stays in the first.
   *
   * @param out receives the model's file; not closed
   * @param dataName name of the second file, which must be in the folder of the first
   * @param data receives the second file; not closed
   * @throws InvalidModelException if the rest has more than 2 GiB
   */
  public static void writeSplit(
      OnnxModel model, OutputStream out, String dataName, OutputStream data) throws IOException {
    ModelProto rest = withoutInitializers(inlined(model));
    GraphProto.Builder graph = rest.getGraph().toBuilder();
    long end = 0;
    for (TensorProto tensor : model.graph().getInitializerList()) {
      long length = length(tensor);
      if (length < MIN_DATA_BYTES) {
        graph.addInitializer(inlined(tensor));
        continue;
      }
      long offset = aligned(end, length);
      pad(data, offset - end);
      copy(model, tensor, data);
      end = offset + length;
      TensorProto.Builder moved = tensor.toBuilder().clearRawData();
      new ExternalRegion(dataName, offset, OptionalLong.of(length)).mark(moved);
      graph.addInitializer(moved);
    }
    ModelProto split = rest.toBuilder().setGraph(graph).build();
    if (!fits(split)) {
      throw new InvalidModelException(
          model.name(), "it has more than 2 GiB outside raw initializers of the main graph");
    }
    split.writeTo(out);
  }

  private static long length(TensorProto tensor) {
    return TensorCodec.held(tensor)
        ? tensor.getRawData().size()
        : region(tensor).length().orElseThrow();
  }

  private static ExternalRegion region(TensorProto tensor) {
    return ExternalRegion.of(tensor, reason -> new InvalidModelException(tensor.getName(), reason));
  }

  private static long aligned(long offset, long length) {
    long unit = length >= LARGE ? MAPPING_UNIT : PAGE;
    return (offset + unit - 1) / unit * unit;
  }

  private static void pad(OutputStream out, long bytes) throws IOException {
    out.write(new byte[(int) bytes]);
  }

  private static void copy(OnnxModel model, TensorProto tensor, OutputStream out)
      throws IOException {
    if (TensorCodec.held(tensor)) {
      // In pieces, so that the bytes of a mapped tensor are never all on the heap.
      ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer();
      byte[] piece = new byte[Math.min(LARGE, raw.remaining())];
      while (raw.hasRemaining()) {
        int length = Math.min(piece.length, raw.remaining());
        raw.get(piece, 0, length);
        out.write(piece, 0, length);
      }
    } else {
      new ExternalFolder(model.folder().orElseThrow()).copy(region(tensor), out);
    }
  }
}
