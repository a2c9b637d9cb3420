package dev.tare.jobs.faults;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.spark;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.jobs.run.CommandLine;
import dev.tare.testkit.Models;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run reads is replaced by something of equal length while it works. */
@Tag("slow")
class ReplacedInputsTest {

  private static final String CHANGED = "has changed since the run began";

  @TempDir Path folder;

  private Path model;
  private Path data;
  private boolean overwrite;
  private Path output;

  @BeforeEach
  void inputs() throws IOException {
    model = folder.resolve("model.onnx");
    SmallModels.exportedMlp().write(model);
    data = folder.resolve("data");
    write(data, "x array<float>", gaussian(40, 6, 1));
    output = folder.resolve("run");
  }

  private CommandLine.Result work(String command, String... more) {
    List<String> words = new ArrayList<>(List.of(command, "--model", model.toString()));
    words.addAll(List.of("--output", output.toString()));
    words.addAll(List.of(more));
    return tare(words.toArray(String[]::new));
  }

  /** Another content of the same length and time, put in the file's place or written into it. */
  private void replace(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length / 2] ^= 1;
      if (overwrite) {
        FileTime time = Files.getLastModifiedTime(file);
        Files.write(file, bytes);
        Files.setLastModifiedTime(file, time);
        return;
      }
      Path other = Files.write(file.resolveSibling(".other"), bytes);
      Files.setLastModifiedTime(other, Files.getLastModifiedTime(file));
      Files.deleteIfExists(file.resolveSibling("." + file.getFileName() + ".crc"));
      Files.move(other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a command and replaces a file as soon as its first job starts. */
  private CommandLine.Result replacing(Path file, String command, String... more) {
    AtomicBoolean done = new AtomicBoolean();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onJobStart(SparkListenerJobStart start) {
            if (!done.getAndSet(true)) {
              replace(file);
            }
          }
        };
    spark().sparkContext().addSparkListener(listener);
    try {
      return work(command, more);
    } finally {
      spark().sparkContext().removeSparkListener(listener);
      assertThat(done).isTrue();
    }
  }

  @Test
  void modelDuringEveryStage() throws IOException {
    String[] read = {"--data", data.toString(), "--min-cosine", "-1"};
    replacing(model, "run", read).refuses(3, output, "model.onnx " + CHANGED);
    SmallModels.exportedMlp().write(model);
    String source = output + "-source";
    output = Path.of(source);
    work("run", "--data", data.toString()).ends(0);
    output = folder.resolve("second");
    replacing(model, "calibrate", "--data", data.toString())
        .refuses(3, output, "model.onnx " + CHANGED);
    SmallModels.exportedMlp().write(model);
    replacing(model, "select", "--statistics", source).refuses(3, output, "model.onnx " + CHANGED);
    SmallModels.exportedMlp().write(model);
    replacing(model, "quantize", "--plan", source).refuses(3, output, "model.onnx " + CHANGED);
    SmallModels.exportedMlp().write(model);
    replacing(model, "evaluate", "--quantized", source, "--data", data.toString())
        .refuses(3, output, "model.onnx " + CHANGED);
    SmallModels.exportedMlp().write(model);
    replacing(
            Path.of(source, "model.onnx"),
            "evaluate",
            "--quantized",
            source,
            "--data",
            data.toString())
        .refuses(3, output, "model.onnx ");
  }

  @Test
  void dataFileOfAModel() throws IOException {
    Models.exported(13)
        .input("x", TensorProto.DataType.FLOAT, "batch", 6)
        .weight("w", 6, 4096)
        .node("MatMul", "first", List.of("x", "w"), "y")
        .output("y", TensorProto.DataType.FLOAT, "batch", 4096)
        .writeSplit(model, "weights.bin");
    replacing(folder.resolve("weights.bin"), "run", "--data", data.toString(), "--min-cosine", "-1")
        .refuses(3, output, "weights.bin " + CHANGED);
  }

  @Test
  void dataAndEvaluationData() throws IOException {
    Path eval = folder.resolve("eval");
    write(eval, "x array<float>", gaussian(40, 6, 2));
    Path part = CommandLine.onlyPart(eval);
    replacing(part, "run", "--data", data.toString(), "--eval-data", eval.toString())
        .refuses(3, output, part.getFileName().toString());
    Path own = CommandLine.onlyPart(data);
    replacing(own, "calibrate", "--data", data.toString())
        .refuses(3, output, own.getFileName().toString());
  }

  @Test
  void tokenizerAndText() throws IOException {
    Path tokenizer = folder.resolve("tokenizer.json");
    String vocabulary =
        """
        {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"},
         "model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1, "c": 2}, "unk_token": "a"}}
        """;
    Files.writeString(tokenizer, vocabulary);
    Models.exported(13)
        .input("input_ids", TensorProto.DataType.INT64, "batch", "sequence")
        .weight("table", 3, 4)
        .weight("w", 4, 4)
        .node("Gather", "look-up", List.of("table", "input_ids"), "e")
        .node("MatMul", "product", List.of("e", "w"), "y")
        .output("y", TensorProto.DataType.FLOAT, "batch", "sequence", 4)
        .write(model);
    Path text =
        Files.write(
            folder.resolve("text.txt"), List.of("a b", "b c", "c a", "a"), StandardCharsets.UTF_8);
    String[] words = {"--data", text.toString(), "--tokenizer", tokenizer.toString()};
    replacing(tokenizer, "calibrate", words).refuses(3, output, "tokenizer.json " + CHANGED);
    Files.writeString(tokenizer, vocabulary);
    overwrite = true;
    replacing(text, "calibrate", words).refuses(3, output, "changed during the run", "text.txt");
  }
}
