package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.gaussian;
import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static dev.tare.jobs.run.CommandLine.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sums of runs of different processors carry what they differ in, and so do sums of sums. */
@Tag("slow")
class MixedMergeTest {

  @TempDir Path folder;

  private String run(String name, String cpuFeatures) throws IOException {
    Path run = folder.resolve(name);
    tare(
            "calibrate",
            "--model",
            SmallModels.exportedMlp().write(folder.resolve("model.onnx")),
            "--data",
            write(folder.resolve("data-" + name), "x array<float>", gaussian(20, 6, 1)),
            "--output",
            run.toString())
        .ends(0);
    Path manifest = run.resolve("manifest.json");
    ObjectNode root = (ObjectNode) json(manifest);
    ((ObjectNode) root.at("/properties/calibration")).putArray("cpu-features").add(cpuFeatures);
    new ObjectMapper().writeValue(manifest.toFile(), root);
    return run.toString();
  }

  private String sum(String name, String... runs) {
    Path sum = folder.resolve(name);
    tare("merge", "--allow-mixed", "--output", sum.toString(), runs[0], runs[1]).ends(0);
    return sum.toString();
  }

  @Test
  void marksOfASumStayInASumOfIt() throws IOException {
    String first = run("first", "one");
    String second = run("second", "two");
    String third = run("third", "three");
    tare("merge", "--output", folder.resolve("refused").toString(), first, second)
        .refuses(3, folder.resolve("refused"), "cpu-features", "--allow-mixed");
    String both = sum("both", first, second);
    for (String all : new String[] {sum("all", both, third), sum("turned", third, both)}) {
      assertThat(json(Path.of(all, "manifest.json")).at("/properties/calibration/mixed"))
          .hasSize(2)
          .anySatisfy(mark -> assertThat(mark.asText()).contains("two", "second"))
          .anySatisfy(mark -> assertThat(mark.asText()).contains("three", "third"));
    }
  }
}
