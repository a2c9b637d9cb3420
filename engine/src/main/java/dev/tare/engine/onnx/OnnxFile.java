package dev.tare.engine.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.ModelLook;
import dev.tare.engine.onnx.graph.HalfTypes;
import dev.tare.engine.onnx.proto.ModelProto;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.SortedMap;

/** A model's main file, parsed and checked once, before its data files are looked for. */
public final class OnnxFile {

  private final String name;
  private final ModelProto proto;
  private final SortedMap<String, String> dataFiles;

  private OnnxFile(String name, ByteString bytes) {
    this.name = name;
    this.proto = OnnxModel.proto(bytes, name);
    this.dataFiles = ExternalData.files(name, proto);
    StructureCheck.check(name, proto, true);
  }

  /**
   * Reads a local file; the model holds its bytes.
   *
   * @throws InvalidModelException if it is no ONNX model, its structure is broken, or it would read
   *     outside of its folder
   */
  public static OnnxFile read(Path file, String name) throws IOException {
    requireSize(Files.size(file), name);
    return new OnnxFile(name, UnsafeByteOperations.unsafeWrap(Files.readAllBytes(file)));
  }

  /**
   * The properties of a local file. It is mapped: a model of one file may be large, and only its
   * structure is looked at.
   *
   * @throws InvalidModelException as {@link #read}
   */
  public static ModelLook look(Path file, String name) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      requireSize(channel.size(), name);
      return new OnnxFile(
              name,
              UnsafeByteOperations.unsafeWrap(
                  channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size())))
          .look();
    }
  }

  private static void requireSize(long bytes, String name) {
    if (bytes > OnnxModel.MAX_FILE_BYTES) {
      throw new InvalidModelException(
          name,
          "it has %d bytes, and no file of ONNX more than 2 GiB; save weights as external data"
              .formatted(bytes));
    }
  }

  /**
   * The files beside the model, as paths relative to its folder with slashes, each with the first
   * tensor, as messages call it, that keeps data there; and whether a session takes the model as it
   * is, or only widened to float32 or in the form of {@link SessionModel}.
   */
  public ModelLook look() {
    return new ModelLook(
        dataFiles,
        !SessionModel.differs(proto.getGraph()) && HalfTypes.in(proto.getGraph()).isEmpty());
  }

  /**
   * Looks whether data files of a local model are there, without reading them.
   *
   * @param files those of {@link #look}
   * @throws InvalidModelException if one is missing, or is a link
   */
  public static void requireDataFiles(Path file, String name, SortedMap<String, String> files)
      throws IOException {
    ExternalData.requireFiles(name, files, file.toAbsolutePath().getParent());
  }

  /**
   * The model with the data of files in a folder.
   *
   * @throws InvalidModelException if a data file is missing, too short, a link, or not inside the
   *     folder
   */
  public OnnxModel withDataIn(Path folder) throws IOException {
    if (dataFiles.isEmpty()) {
      return OnnxModel.checked(name, proto, Optional.of(folder));
    }
    ModelProto attached = ExternalData.attached(name, proto, folder);
    StructureCheck.check(name, attached, true);
    return OnnxModel.checked(name, attached, Optional.of(folder));
  }
}
