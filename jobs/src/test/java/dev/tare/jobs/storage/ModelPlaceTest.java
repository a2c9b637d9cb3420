package dev.tare.jobs.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.TareException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that are named by a folder. */
class ModelPlaceTest {

  @TempDir Path folder;

  @BeforeEach
  void exporterWritesOtherFilesToo() throws IOException {
    write("config.json");
    write("README.md");
  }

  private void write(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, name);
  }

  private ModelPlace found() {
    return found(folder.toString());
  }

  private static ModelPlace found(String location) {
    return ModelPlace.of(location, Configuration::new);
  }

  @Test
  void modelAndTokenizerAreFoundWhereExportersWriteThem() throws IOException {
    write("tokenizer.json");
    write("onnx/model.onnx");
    write("onnx/model_quantized.onnx");
    assertThat(found())
        .isEqualTo(
            new ModelPlace(folder + "/onnx/model.onnx", Optional.of(folder + "/tokenizer.json")));
    assertThat(found("file:" + folder + "/").file())
        .isEqualTo("file:" + folder + "/onnx/model.onnx");
    Files.delete(folder.resolve("tokenizer.json"));
    assertThat(found().tokenizer()).isEmpty();
  }

  @Test
  void theOnlyModelOfAFolderIsMeant() throws IOException {
    write("bge.onnx");
    assertThat(found()).isEqualTo(new ModelPlace(folder + "/bge.onnx", Optional.empty()));
  }

  @Test
  void severalModelsAreListed() throws IOException {
    write("model.onnx");
    write("onnx/model.onnx");
    assertThat(found().file()).isEqualTo(folder.toString());
    assertThatThrownBy(() -> ModelRef.of(folder.toString(), new Configuration()))
        .isInstanceOf(TareException.class)
        .hasMessageContaining(
            "is a folder; name the file in it (found: config.json, model.onnx, onnx/model.onnx)");
  }

  @Test
  void filesAndWhatIsNotThereAreTakenAsNamed() throws IOException {
    assertThat(found().file()).isEqualTo(folder.toString());
    for (String location : new String[] {folder + "/no.onnx", "s3a://none/m.onnx", "a\0b", ""}) {
      assertThat(found(location)).isEqualTo(new ModelPlace(location, Optional.empty()));
    }
  }
}
