package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.tare;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RefusedTokenizerTest {

  @TempDir Path folder;

  static String tokenizer() {
    return assets().resolve("all-minilm-l6-v2-tokenizer.json").toString();
  }

  static Path assets() {
    return Path.of(System.getProperty("tare.assets"));
  }

  private void refused(Path tokenizer, String... words) throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "a sentence\nanother one\n");
    Path output = folder.resolve("run");
    tare(
            "calibrate",
            "--model",
            assets().resolve("all-minilm-l6-v2.onnx").toString(),
            "--data",
            text.toString(),
            "--tokenizer",
            tokenizer.toString(),
            "--output",
            output.toString())
        .refuses(3, output, words);
  }

  @Test
  void missingTokenizer() throws IOException {
    refused(folder.resolve("absent.json"), "absent.json");
  }

  @Test
  void tokenizerThatIsNoJson() throws IOException {
    refused(Files.writeString(folder.resolve("broken.json"), "{"), "broken.json", "not JSON");
  }

  @Test
  void otherJsonAsTokenizer() throws IOException {
    refused(Files.writeString(folder.resolve("other.json"), "{\"a\":1}"), "other.json", "vocab");
  }

  @Test
  void tokenizerWithMoreTokensThanTheModel() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = (ObjectNode) mapper.readTree(Path.of(tokenizer()).toFile());
    ((ObjectNode) root.path("model").path("vocab")).put("onemoretoken", 30522);
    Path larger = folder.resolve("larger.json");
    mapper.writeValue(larger.toFile(), root);
    refused(larger, "larger.json", "30522", "embedding");
  }
}
