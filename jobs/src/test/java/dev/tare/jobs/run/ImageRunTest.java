package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.contentSha256;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.spark;
import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.image.ImageFiles;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder of images through all stages. */
@Tag("slow")
class ImageRunTest {

  private static final int IMAGES = 40;

  @TempDir Path folder;

  private String model;

  @BeforeEach
  void model() throws IOException {
    model = SmallModels.exportedCnn().write(folder.resolve("model.onnx"));
  }

  private String images(String name, boolean reversed) throws IOException {
    Path images = Files.createDirectory(folder.resolve(name));
    for (int i = 0; i < IMAGES; i++) {
      int[] values = new Random(i).ints(3 * 9 * 7, 0, 256).toArray();
      int number = reversed ? IMAGES - i : i;
      Files.write(images.resolve(number + ".png"), ImageFiles.rgb(9, 7, values));
    }
    return images.toString();
  }

  private Path run(String name, String data, String... more) {
    Path output = folder.resolve(name);
    List<String> arguments =
        new ArrayList<>(
            List.of("run", "--model", model, "--data", data, "--output", output.toString()));
    arguments.addAll(List.of(more));
    tare(arguments.toArray(String[]::new)).ends(0);
    return output;
  }

  @Test
  void statisticsDoNotDependOnPartitionsBatchesNamesOrTables() throws IOException {
    Path first = run("a", images("forward", false), "--partitions=1", "--samples=20");
    Path second =
        run("b", images("backward", true), "--partitions=5", "--batch-size=1", "--samples=20");
    assertThat(contentSha256(first)).isEqualTo(contentSha256(second));
    spark()
        .read()
        .format("binaryFile")
        .load(folder.resolve("backward").toString())
        .createOrReplaceTempView("pictures");
    Path third =
        run("c", "sql:SELECT content FROM pictures", "--image-column=content", "--samples=20");
    assertThat(contentSha256(third)).isEqualTo(contentSha256(first));
    var data = json(first.resolve("manifest.json")).path("properties").path("data");
    assertThat(data.path("format").asText()).isEqualTo("images");
    assertThat(data.path("images").asText()).isEqualTo("8x8 stretch, rgb, mean 0, std 1, nchw");
    assertThat(data.path("rows").asInt()).isEqualTo(IMAGES);
    assertThat(json(first.resolve("quality.json")).path("gate").asText()).isEqualTo("passed");
  }

  @Test
  void optionsComeFromAConfigurationFileToo() throws IOException {
    String data = images("images", false);
    Path file = folder.resolve("run.conf");
    Files.writeString(
        file,
        """
        image-resize = pad
        image-pad = 127.5
        image-channels = bgr
        image-mean = "0.485,0.456,0.406"
        image-std = 0.5
        """);
    Path fromFile = run("file", data, "--config", file.toString());
    Path fromLine =
        run(
            "line",
            data,
            "--image-resize=pad",
            "--image-pad=127.5",
            "--image-channels=bgr",
            "--image-mean=0.485,0.456,0.406",
            "--image-std=0.5");
    assertThat(contentSha256(fromFile)).isEqualTo(contentSha256(fromLine));
    assertThat(
            json(fromFile.resolve("manifest.json"))
                .path("properties")
                .path("data")
                .path("images")
                .asText())
        .isEqualTo("8x8 pad 127.5, bgr, mean 0.485,0.456,0.406, std 0.5, nchw");
  }

  @Test
  void badImagesMayBeSkippedAndAreCounted() throws IOException {
    String data = images("images", false);
    Files.createFile(Path.of(data, "empty.jpg"));
    Files.write(Path.of(data, "bomb.png"), ImageFiles.bomb(60_000, 60_000));
    Path output = run("skipping", data, "--max-bad-rows=2");
    var bad =
        json(output.resolve("manifest.json")).path("properties").path("data").path("bad-rows");
    assertThat(bad.path("damaged-image").asInt()).isEqualTo(1);
    assertThat(bad.path("image-too-large").asInt()).isEqualTo(1);
  }
}
