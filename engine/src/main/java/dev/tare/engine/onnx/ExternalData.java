package dev.tare.engine.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.graph.ExternalRegion;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.TensorProto;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Loads the tensor data that a model stores in separate files (ONNX external data).
 *
 * <p>Large tensors are mapped, not read: they cost address space, and page cache that all processes
 * of a machine share. A tensor of more than {@value #MAX_TENSOR_BYTES} bytes stays in its file:
 * nothing computes with it, and it is copied when the model is written.
 */
final class ExternalData implements AutoCloseable {

  /** Maximum size of a Java buffer. */
  static final long MAX_TENSOR_BYTES = Integer.MAX_VALUE - 8L;

  /**
   * Attributes and subgraphs stay in the model's file when it is written, so they must fit there.
   */
  private static final long MAX_INNER_BYTES = 1L << 30;

  /**
   * Smaller data is copied: a mapping costs more, and a process can have only some 65,000 of them.
   */
  private static final long MAPPED_BYTES = 1L << 20;

  private final String model;
  private final ExternalFolder folder;
  private final Map<String, FileChannel> channels = new HashMap<>();
  private long inner;

  private ExternalData(String model, Path folder) {
    this.model = model;
    this.folder = new ExternalFolder(folder);
  }

  /**
   * Returns the data files that a model's tensors refer to, each with the first tensor that does.
   *
   * @throws InvalidModelException if a tensor's data would be outside the model's folder
   */
  static SortedMap<String, String> files(String model, ModelProto proto) {
    SortedMap<String, String> files = new TreeMap<>();
    new ExternalWalk<RuntimeException>(
            (tensor, what, main) -> {
              files.putIfAbsent(region(model, tensor, what).location(), what);
              return Optional.empty();
            })
        .visit(proto);
    return Collections.unmodifiableSortedMap(files);
  }

  /**
   * Checks that a model's data files exist, without reading them.
   *
   * @throws InvalidModelException if one is missing, or is a link
   */
  static void requireFiles(String model, SortedMap<String, String> files, Path folder)
      throws IOException {
    for (Map.Entry<String, String> file : files.entrySet()) {
      new ExternalFolder(folder)
          .open(
              file.getKey(),
              reason -> new InvalidModelException(model, file.getValue() + " " + reason))
          .close();
    }
  }

  /**
   * Returns the model with bytes in every external tensor, which keeps its file and offset; the
   * same instance if there is none.
   *
   * @throws InvalidModelException if a file is missing, is shorter than a tensor needs, or is a
   *     link
   */
  static ModelProto attached(String model, ModelProto proto, Path folder) throws IOException {
    try (ExternalData data = new ExternalData(model, folder)) {
      return new ExternalWalk<IOException>(data::attach).visit(proto);
    }
  }

  private static ExternalRegion region(String model, TensorProto tensor, String what) {
    return ExternalRegion.of(
        tensor, reason -> new InvalidModelException(model, what + " " + reason));
  }

  private Optional<TensorProto> attach(TensorProto tensor, String what, boolean main)
      throws IOException {
    ExternalRegion region = region(model, tensor, what);
    long expected = new TensorCheck(model, false).rawBytes(tensor, what);
    if (region.length().orElse(expected) != expected) {
      throw refuse(
          what,
          "of type %s and shape %s has %d bytes instead of %d"
              .formatted(
                  TensorProto.DataType.forNumber(tensor.getDataType()),
                  tensor.getDimsList(),
                  region.length().getAsLong(),
                  expected));
    }
    FileChannel channel = channels.get(region.location());
    if (channel == null) {
      channel = folder.open(region.location(), reason -> refuse(what, reason));
      channels.put(region.location(), channel);
    }
    // Both may be as large as a long: their sum could wrap.
    if (expected > channel.size() - region.offset()) {
      throw refuse(
          what,
          "reads %d bytes at %d of '%s', which has %d"
              .formatted(expected, region.offset(), region.location(), channel.size()));
    }
    if (!main) {
      if (expected > MAX_INNER_BYTES - inner) {
        throw refuse(
            what,
            "would make more than 1 GiB of data in attributes and subgraphs; move it"
                + " to initializers of the main graph");
      }
      inner += expected;
    }
    TensorProto.Builder attached = tensor.toBuilder().clearRawData();
    if (expected == 0) {
      return Optional.of(attached.clearExternalData().clearDataLocation().build());
    }
    new ExternalRegion(region.location(), region.offset(), OptionalLong.of(expected))
        .mark(attached);
    if (expected <= MAX_TENSOR_BYTES) {
      attached.setRawData(bytes(channel, region.offset(), (int) expected));
    }
    return Optional.of(attached.build());
  }

  private static ByteString bytes(FileChannel channel, long offset, int length) throws IOException {
    if (length >= MAPPED_BYTES) {
      return UnsafeByteOperations.unsafeWrap(
          channel.map(FileChannel.MapMode.READ_ONLY, offset, length));
    }
    return UnsafeByteOperations.unsafeWrap(ExternalFolder.read(channel, offset, length));
  }

  private InvalidModelException refuse(String what, String reason) {
    return new InvalidModelException(model, what + " " + reason);
  }

  @Override
  public void close() throws IOException {
    for (FileChannel channel : channels.values()) {
      channel.close();
    }
  }
}
