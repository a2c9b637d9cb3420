package dev.tare.engine.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.tensor.Shape;
import dev.tare.testkit.PythonEnvironment;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library of Hugging Face reads what is written here, and the other way round. */
@Tag("slow")
class SafetensorsLibraryTest {

  private static final Path SCRIPTS = Path.of("src/test/python");

  @TempDir Path folder;

  @Test
  void everyTypeIsReadByTheLibraryAndReadFromIt() throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    for (ElementType type : ElementType.values()) {
      specs.add(new TensorSpec("matrix." + type, type, Shape.of(3, 8)));
      specs.add(new TensorSpec("empty." + type, type, Shape.of(0, 8)));
      specs.add(new TensorSpec("scalar é." + type, type, Shape.SCALAR));
    }
    SafetensorsHeader header =
        SafetensorsHeader.layOut(new TreeMap<>(Map.of("format", "pt")), specs);
    byte[] data = new byte[(int) header.dataBytes()];
    new Random(5).nextBytes(data);
    // Any other byte is no Boolean.
    Arrays.fill(data, data.length - 25, data.length, (byte) 1);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(header.encode());
    file.writeBytes(data);
    Path ours = Files.write(folder.resolve("ours.safetensors"), file.toByteArray());
    Path theirs = folder.resolve("theirs.safetensors");

    String printed =
        PythonEnvironment.of(SCRIPTS.resolve("requirements-onnx.txt"))
            .script(
                SCRIPTS.resolve("safetensors_files.py").toString(),
                ours.toString(),
                theirs.toString());

    List<String> expected = lines(header, Files.readAllBytes(ours));
    assertThat(printed.lines()).containsExactlyElementsOf(expected);
    byte[] written = Files.readAllBytes(theirs);
    SafetensorsHeader other =
        SafetensorsHeader.read(
            Arrays.copyOf(written, 8),
            n -> Arrays.copyOfRange(written, 8, 8 + n),
            written.length,
            "theirs");
    assertThat(other.metadata()).isEqualTo(header.metadata());
    assertThat(lines(other, written)).isEqualTo(expected);
  }

  private static List<String> lines(SafetensorsHeader header, byte[] file) {
    return header.tensors().stream()
        .map(
            tensor ->
                "%s %s %s %s"
                    .formatted(
                        tensor.name(),
                        tensor.spec().type(),
                        tensor.spec().shape(),
                        sha256(Arrays.copyOfRange(file, (int) tensor.begin(), (int) tensor.end()))))
        .sorted()
        .toList();
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
