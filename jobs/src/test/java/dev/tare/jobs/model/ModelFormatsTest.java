package dev.tare.jobs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.onnx.model.OnnxFormat;
import dev.tare.engine.tflite.model.LiteFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFormatsTest {

  @TempDir private Path folder;

  private Path file(String latin1) throws IOException {
    return Files.write(folder.resolve("m.onnx"), latin1.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** An IR version, an opset or a graph may come first; the empty file is ONNX's to refuse. */
  @ParameterizedTest
  @ValueSource(strings = {"", "\u0008\u0007", "B\u0004", ":\u0010", "\u00a2\u0001"})
  void whatCouldBeAMessageIsOnnx(String head) throws IOException {
    assertThat(ModelFormats.of(file(head), "m.onnx").format()).isSameAs(OnnxFormat.INSTANCE);
  }

  @Test
  void theMarkOfTensorFlowLiteDecidesWhateverTheNameSays() throws IOException {
    assertThat(ModelFormats.of(file("\u001c\u0000\u0000\u0000TFL3"), "m.onnx").format())
        .isSameAs(LiteFormat.INSTANCE);
  }

  @ParameterizedTest
  @CsvSource({
    "'version https://git-lfs.github.com/spec/v1', Git LFS",
    "GGUF\u0003, GGUF",
    "'PK\u0003\u0004rest', ZIP archive",
    "'{\"not\": \"a model\"}', 'its first bytes are not those of a model in '"
  })
  void whatIsOfNoKnownFormatIsSaidToBeSo(String head, String reason) {
    assertThatThrownBy(() -> ModelFormats.of(file(head), "m.onnx"))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageStartingWith("Cannot use model 'm.onnx': ")
        .hasMessageContainingAll(reason, "ONNX");
  }
}
