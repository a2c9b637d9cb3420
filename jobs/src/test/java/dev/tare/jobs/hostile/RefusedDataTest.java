package dev.tare.jobs.hostile;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.onlyPart;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;

import dev.tare.jobs.image.ImageFiles;
import dev.tare.jobs.run.CommandLine;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class RefusedDataTest {

  @TempDir Path folder;

  private Path data;
  private Path output;
  private String model;

  @BeforeEach
  void model() throws IOException {
    data = folder.resolve("data");
    output = folder.resolve("run");
    model = SmallModels.exportedMlp().write(folder.resolve("model.onnx"));
  }

  private CommandLine.Result calibrate(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("calibrate", "--model", model, "--data", data.toString(), "--output"));
    arguments.add(output.toString());
    arguments.addAll(List.of(more));
    return tare(arguments.toArray(String[]::new));
  }

  private void rows(String ddl, Row... bad) {
    Row[] good = gaussian(3, 6, 2);
    Row[] all = Arrays.copyOf(good, good.length + bad.length);
    System.arraycopy(bad, 0, all, good.length, bad.length);
    write(data, ddl, all);
  }

  @Test
  void missingData() throws IOException {
    calibrate().refuses(3, output, folder.resolve("data").toString(), "no such file");
  }

  @Test
  void missingColumn() throws IOException {
    write(data, "other array<float>", gaussian(3, 6, 1));
    calibrate().refuses(3, output, "data", "'x'", "other");
  }

  @Test
  void columnOfWrongType() throws IOException {
    write(data, "x array<string>", RowFactory.create(List.of("1", "2")));
    calibrate().refuses(3, output, "data", "'x'", "array<string>", "FLOAT32");
  }

  @Test
  void shortRow() throws IOException {
    rows("x array<float>", RowFactory.create(List.of(1f, 2f)));
    calibrate()
        .refuses(
            3,
            output,
            "1 of 4 rows of ",
            "data do not fit (--max-bad-rows 0): input 'x' has 2 values but the model wants 6 (1 shape,",
            "row 3)");
  }

  @Test
  void raggedRow() throws IOException {
    model = SmallModels.exportedCnn().write(folder.resolve("model.onnx"));
    List<Float> full = java.util.Collections.nCopies(8, 1f);
    List<List<Float>> plane = new ArrayList<>(java.util.Collections.nCopies(7, full));
    plane.add(List.of(1f));
    write(
        data,
        "image array<array<array<float>>>",
        RowFactory.create(java.util.Collections.nCopies(3, plane)));
    calibrate().refuses(3, output, "data", "row 0", "'image'", "ragged");
  }

  @Test
  void nanInInput() throws IOException {
    rows("x array<float>", RowFactory.create(List.of(1f, 2f, Float.NaN, 4f, 5f, 6f)));
    calibrate().refuses(3, output, "data", "row 3", "'x'", "NaN at element 2");
  }

  @Test
  void infinityAndNullInInput() throws IOException {
    rows(
        "x array<float>",
        RowFactory.create(List.of(1f, 2f, 3f, 4f, 5f, Float.NEGATIVE_INFINITY)),
        RowFactory.create((Object) null));
    calibrate().refuses(3, output, "row 3", "infinity at element 5", "row 4", "null");
  }

  @Test
  void aLinkToNothing() throws IOException {
    rows("x array<float>");
    Files.createSymbolicLink(data.resolve("b.parquet"), Path.of("nothing"));
    calibrate().refuses(3, output, "b.parquet: it is a symbolic link to nothing");
  }

  @Test
  void aLoopOfLinks() throws IOException {
    rows("x array<float>");
    Files.createSymbolicLink(data.resolve("loop"), Path.of("."));
    calibrate().refuses(3, output, "loop: it is a symbolic link to " + data);
  }

  @Test
  void tablesAndRecordsAsText() throws IOException {
    data = Files.writeString(folder.resolve("texts.arrow"), "id,text\n0,an abrupt end\n");
    calibrate("--tokenizer", RefusedTokenizerTest.tokenizer())
        .refuses(3, output, "texts.arrow as text: by its name it is Arrow", "Parquet");
    data = Files.writeString(folder.resolve("texts.txt"), "{\"text\": \"an abrupt end\"}\n");
    calibrate("--tokenizer", RefusedTokenizerTest.tokenizer())
        .refuses(3, output, "texts.txt as text: it looks like JSON", "--format text");
  }

  @Test
  void recordsThatCannotBeRead() throws IOException {
    data =
        Files.writeString(folder.resolve("x.jsonl"), "{\"x\": [1, 2, 3, 4, 5, 6]}\n{\"x\": [1\n");
    calibrate().refuses(3, output, "1 of 2 rows", "is not JSON", "x.jsonl, row 1");
    data = Files.writeString(folder.resolve("x.csv"), "x,y\n\"[1, 2, 3, 4, 5, 6]\",0\n1,2,3\n");
    calibrate().refuses(3, output, "3 cells but the header names 2 columns", "x.csv, row 2");
    data = Files.writeString(folder.resolve("z.csv"), "z\n1\n");
    calibrate().refuses(3, output, "z.csv: no column 'x'", "it has [z]");
  }

  @Test
  void emptyFolder() throws IOException {
    Files.createDirectory(data);
    calibrate().refuses(3, output, "data", "contains no files");
  }

  @Test
  void tableWithoutRows() throws IOException {
    write(data, "x array<float>");
    calibrate().refuses(3, output, "data", "has no rows");
  }

  @Test
  void fileOfZeroBytes() throws IOException {
    rows("x array<float>");
    Files.createFile(data.resolve("part-empty.parquet"));
    calibrate().refuses(3, output, "part-empty.parquet", "0 bytes");
  }

  @Test
  void truncatedParquet() throws IOException {
    rows("x array<float>");
    Path part = onlyPart(data);
    byte[] whole = Files.readAllBytes(part);
    Files.delete(data.resolve("." + part.getFileName() + ".crc"));
    Files.write(part, Arrays.copyOf(whole, whole.length - 20));
    calibrate().refuses(3, output, part.getFileName().toString());
  }

  @Test
  void parquetWithDamagedPages() throws IOException {
    rows("x array<float>");
    Path part = onlyPart(data);
    byte[] whole = Files.readAllBytes(part);
    Files.delete(data.resolve("." + part.getFileName() + ".crc"));
    Arrays.fill(whole, 4, 60, (byte) 0x5A);
    Files.write(part, whole);
    calibrate().refuses(3, output, part.getFileName().toString());
  }

  @Test
  void textWithoutTokenizer() throws IOException {
    Files.writeString(data, "a sentence\n");
    calibrate().refuses(3, output, "data", "tokenizer");
  }

  @Test
  void textForAModelWithoutTokens() throws IOException {
    Files.writeString(data, "a sentence\n");
    calibrate("--tokenizer", RefusedTokenizerTest.tokenizer())
        .refuses(3, output, "input_ids", "[x]");
  }

  @Test
  void decompressionBomb() throws IOException {
    model = SmallModels.exportedCnn().write(folder.resolve("model.onnx"));
    Files.createDirectory(data);
    Files.write(data.resolve("bomb.png"), ImageFiles.bomb(60_000, 60_000));
    calibrate().refuses(3, output, "bomb.png", "60000 x 60000 pixels", "image-too-large");
  }

  @Test
  void truncatedImage() throws IOException {
    model = SmallModels.exportedCnn().write(folder.resolve("model.onnx"));
    Files.createDirectory(data);
    byte[] whole = ImageFiles.gray(2, 2, 1, 2, 3, 4);
    Files.write(data.resolve("cut.png"), Arrays.copyOf(whole, whole.length - 3));
    calibrate().refuses(3, output, "cut.png", "damaged-image");
  }

  @Test
  void imagesForAModelWithoutAnImageInput() throws IOException {
    Files.createDirectory(data);
    Files.write(data.resolve("a.png"), ImageFiles.gray(2, 2, 1, 2, 3, 4));
    calibrate().refuses(3, output, "'x' is FLOAT32 [6]", "three dimensions");
  }

  @Test
  void tooFewRowsToHoldAnyOut() throws IOException {
    write(data, "x array<float>", gaussian(1, 6, 1));
    tare("run", "--model", model, "--data", data.toString(), "--output", output.toString())
        .refuses(3, output, "data", "--eval-data");
  }

  @Test
  void badEvaluationData() throws IOException {
    rows("x array<float>");
    Path eval = folder.resolve("eval");
    write(eval, "x array<float>", RowFactory.create(List.of(1f)));
    String[] arguments = {
      "run",
      "--model",
      model,
      "--data",
      data.toString(),
      "--output",
      output.toString(),
      "--eval-data",
      eval.toString()
    };
    tare(arguments).refuses(3, output, "eval", "row 0", "'x'");
  }
}
