package dev.tare.engine.tflite;

import dev.tare.engine.model.InvalidModelException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.lite.schema.MetadataT;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.OperatorCodeT;
import org.tensorflow.lite.schema.SignatureDefT;

/** Reads a file whole, checks it, and makes a model of it. */
public final class LiteFile {

  /** What stands behind the offset of the root. */
  public static final String IDENTIFIER = "TFL3";

  /** Where {@link #IDENTIFIER} stands. */
  public static final int IDENTIFIER_AT = 4;

  private static final int VERSION = 3;
  private static final long MAX_BYTES = Integer.MAX_VALUE - 64L;

  /** Room behind the file: generated classes read up to so many bytes from a checked position. */
  private static final int PADDING = 8;

  private LiteFile() {}

  /**
   * Reads a local file.
   *
   * @param name how messages call it
   * @throws InvalidModelException if it is truncated or broken, has features that Tare does not
   *     read, or its graph cannot be run in its order
   */
  public static LiteModel read(Path file, String name) throws IOException {
    long size = Files.size(file);
    if (size > MAX_BYTES) {
      throw new InvalidModelException(
          name, "it has %d bytes, and Tare reads no such file above 2 GB".formatted(size));
    }
    byte[] all = new byte[(int) size + PADDING];
    int read;
    try (InputStream in = Files.newInputStream(file)) {
      read = in.readNBytes(all, 0, (int) size);
    }
    return of(ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).limit(read), name);
  }

  private static LiteModel of(ByteBuffer bytes, String name) {
    FlatCheck.check(name, bytes);
    byte[] identifier = new byte[IDENTIFIER.length()];
    bytes.get(IDENTIFIER_AT, identifier);
    if (!IDENTIFIER.equals(new String(identifier, StandardCharsets.ISO_8859_1))) {
      throw new InvalidModelException(name, "it does not have the mark " + IDENTIFIER);
    }
    Model model = Model.getRootAsModel(bytes.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN));
    if (model.version() != VERSION) {
      throw new InvalidModelException(
          name, "its schema has version %d, not %d".formatted(model.version(), VERSION));
    }
    if (model.subgraphsLength() != 1) {
      throw new InvalidModelException(
          name,
          "it has %d graphs, and Tare reads models with one: no If, While, or several signatures with graphs of their own"
              .formatted(model.subgraphsLength()));
    }
    LiteDraft draft = draft(model, bytes, PackedFiles.behind(name, bytes));
    for (int i = 0; i < model.subgraphs(0).operatorsLength(); i++) {
      OptionsCheck.check(
          name, i, model.subgraphs(0).operators(i), draft.operator(i).getBuiltinOptions());
    }
    GraphCheck.check(name, draft);
    LiteModel read = new LiteModel(name, draft);
    OperatorCheck.check(read, draft);
    SizeCheck.check(read);
    return read;
  }

  private static LiteDraft draft(Model model, ByteBuffer bytes, ByteBuffer files) {
    List<OperatorCodeT> codes = new ArrayList<>();
    for (int i = 0; i < model.operatorCodesLength(); i++) {
      OperatorCodeT code = model.operatorCodes(i).unpack();
      // Old files fill only the first field, newer ones have there what fits a byte.
      code.setBuiltinCode(Math.max(code.getBuiltinCode(), code.getDeprecatedBuiltinCode()));
      codes.add(code);
    }
    List<ByteBuffer> buffers = new ArrayList<>();
    for (int i = 0; i < model.buffersLength(); i++) {
      ByteBuffer data = model.buffers(i).dataAsByteBuffer();
      buffers.add(
          data == null
              ? ByteBuffer.allocate(0)
              : bytes.slice(data.position(), data.remaining()).asReadOnlyBuffer());
    }
    List<MetadataT> metadata = new ArrayList<>();
    for (int i = 0; i < model.metadataLength(); i++) {
      metadata.add(model.metadata(i).unpack());
    }
    List<SignatureDefT> signatures = new ArrayList<>();
    for (int i = 0; i < model.signatureDefsLength(); i++) {
      signatures.add(model.signatureDefs(i).unpack());
    }
    List<Integer> attached = new ArrayList<>();
    for (int i = 0; i < model.metadataBufferLength(); i++) {
      attached.add(model.metadataBuffer(i));
    }
    String description = model.description();
    return new LiteDraft(
        description == null ? "" : description,
        codes,
        FlatCopies.unpacked(model.subgraphs(0)),
        buffers,
        metadata,
        signatures,
        new LiteDraft.Attachments(attached, files));
  }
}
