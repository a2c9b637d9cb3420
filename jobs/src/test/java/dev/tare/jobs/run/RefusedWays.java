package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * The ways to the codes 2 and 3.
 *
 * @param output where a run would go, in an empty folder that holds what else is needed
 */
record RefusedWays(TinyRuns runs, Path output) {

  /** References that would expand to ten billion characters. */
  private static final String LAUGHS =
      Stream.iterate(1, i -> i < 11, i -> i + 1)
          .map(i -> "\nl" + i + " = " + ("${l" + (i - 1) + "}").repeat(10))
          .reduce("l0 = lol", String::concat);

  void unknownOption() {
    assertThat(tare(runs.run(output, "--sampels", "9")).ends(2).err())
        .contains("tare: error: Unknown option '--sampels'; did you mean '--samples'?");
    assertThat(output).doesNotExist();
  }

  void outputBelowAFile() throws IOException {
    Path file = Files.writeString(output, "mine");
    assertThat(tare(runs.run(file.resolve("run"))).ends(2).err())
        .contains("tare: error: Cannot write a run into file:" + file)
        .doesNotContain("\tat ");
    assertThat(file).hasContent("mine");
  }

  void explodingConfiguration() throws IOException {
    Path file = Files.writeString(output.resolveSibling("tare.conf"), LAUGHS);
    assertThat(tare(runs.run(output, "--config", file.toString())).ends(2).err())
        .contains("tare: error: ", "tare.conf", "expands to more than")
        .doesNotContain("\tat ");
    assertThat(output).doesNotExist();
  }

  void explodingRecipe() throws IOException {
    Path file = Files.writeString(output.resolveSibling("own.conf"), LAUGHS);
    tare(runs.run(output, "--recipe", file.toString()))
        .refuses(2, output, "own.conf", "expands to more than");
  }

  void cutModel() throws IOException {
    byte[] whole = Files.readAllBytes(Path.of(runs.model()));
    Path cut = output.resolveSibling("cut.onnx");
    Files.write(cut, Arrays.copyOf(whole, whole.length / 2));
    tare(runs.with(output, cut.toString(), runs.data())).refuses(3, output, "cut.onnx");
  }

  /** Whoever can write a run can make its manifest say anything. */
  void tamperedStatistics() throws IOException {
    Path manifest = runs.statistics().resolve("manifest.json");
    String whole = Files.readString(manifest);
    Files.deleteIfExists(runs.statistics().resolve(".manifest.json.crc"));
    Files.writeString(manifest, whole.replace("\"tensors\" : [", "\"tensors\" : [ \"q\","));
    select(runs.statistics()).refuses(3, output, "statistics", "lacks tensors [q]");
    Files.writeString(manifest, whole);
  }

  void foreignPointer() throws IOException {
    Path name = output.resolveSibling("name");
    Path entry = Files.createDirectories(name.resolve("_LATEST")).resolve("00000001.json");
    Files.writeString(
        entry,
        """
        {"format-version": 1, "run": "http://127.0.0.1:9/x", "manifest-sha256": "%064d",
         "published": "2026-01-01T00:00:00Z"}
        """
            .formatted(0));
    select(name).refuses(3, output, "00000001.json", "http");
  }

  private CommandLine.Result select(Path from) {
    return tare(
        "select", "--model", runs.model(), "--statistics", from + "", "--output", output + "");
  }

  void commaSeparatedValues() throws IOException {
    Path table = Files.writeString(output.resolveSibling("t.csv"), "id,text\n0,an abrupt end\n");
    tare(runs.with(output, runs.model(), table))
        .refuses(3, output, "t.csv: no column 'x' for model input", "it has [id, text]");
  }

  void linkToNothing() throws IOException {
    Path linked = Files.createDirectory(output.resolveSibling("linked"));
    Files.copy(CommandLine.onlyPart(runs.data()), linked.resolve("monday.parquet"));
    Files.createSymbolicLink(linked.resolve("tuesday.parquet"), Path.of("nothing"));
    tare(runs.with(output, runs.model(), linked))
        .refuses(3, output, "tuesday.parquet: it is a symbolic link to nothing");
  }
}
