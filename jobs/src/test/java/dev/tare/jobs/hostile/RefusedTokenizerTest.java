package dev.tare.jobs.hostile;

import static dev.tare.jobs.run.CommandLine.tare;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    Path output = folder.resolve("run" + tokenizer.toString().hashCode() + words.length);
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
  void tokenizerWhosePatternTriesWithoutEnd() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = (ObjectNode) mapper.readTree(Path.of(tokenizer()).toFile());
    root.set(
        "pre_tokenizer",
        mapper.readTree(
            """
            {"type": "Sequence", "pretokenizers": [{"type": "Split", "invert": false,
             "behavior": "Isolated", "pattern": {"Regex": "(a+)+$|(.*)*x"}}]}
            """));
    Path endless = folder.resolve("endless.json");
    mapper.writeValue(endless.toFile(), root);
    refused(endless, "endless.json", "'(a+)+$|(.*)*x' of its pre_tokenizer", "without end");
    root.remove("pre_tokenizer");
    root.set(
        "normalizer",
        mapper.readTree(
            """
            {"type": "Replace", "content": "", "pattern": {"Regex": "([ab]|c)*x"}}
            """));
    mapper.writeValue(endless.toFile(), root);
    refused(endless, "endless.json", "of its normalizer", "repeats what varies");
  }

  /** The native library aborts on each of these; the first three when it encodes, not before. */
  @Tag("slow")
  @ParameterizedTest
  @ValueSource(strings = {"BAAAAAAUjQQ=", "BAAAAAD8AwA=", "AAAAAA==", "YWJj", ""})
  void tokenizerWhoseTableOfCharactersIsDamaged(String table) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = (ObjectNode) mapper.readTree(Path.of(tokenizer()).toFile());
    root.putObject("normalizer").put("type", "Precompiled").put("precompiled_charsmap", table);
    Path damaged = folder.resolve("damaged.json");
    mapper.writeValue(damaged.toFile(), root);
    refused(damaged, "damaged.json", "it is damaged");
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
