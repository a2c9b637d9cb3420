package dev.tare.jobs.manage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.testkit.Models;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForecastTest {

  private final Configuration hadoop = new Configuration();

  @TempDir Path folder;

  private String printed(String recipe) throws IOException {
    ModelHandle model =
        ModelHandle.open(
            Models.exported(13)
                .input("x", "batch", 2)
                .weight("w", 2, 3)
                .weight("v", 3, 3)
                .node("MatMul", "product", List.of("x", "w"), "p")
                .node("Abs", "size", List.of("p"), "b")
                .node("Log", "log", List.of("b"), "l")
                .node("MatMul", "layer", List.of("l", "v"), "y")
                .output("y", TensorProto.DataType.FLOAT, "batch", 3)
                .write(folder.resolve("model.onnx")),
            hadoop);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      new Forecast(out, true)
          .print(
              model.prepared().graph(),
              RecipeText.open(RecipeOptions.of(recipe), hadoop),
              1_000,
              15);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void statisticsWillDecideWhatTheGraphSuspects() throws IOException {
    assertThat(printed("int8"))
        .contains("product: if statistics allow: its rounding noise would meet the logarithm")
        .contains("2 of 2 products in integers, 1 of them if statistics allow\n")
        .doesNotContain("stays float");
  }

  /** Dynamic products have no statistics: the graph decides at once. */
  @Test
  void nothingElseWillDecideAboutDynamicProducts() throws IOException {
    assertThat(printed("int8-dynamic"))
        .containsPattern("stays float +product: its rounding noise would meet the logarithm")
        .contains("1 of 2 products in integers\n");
  }

  @Test
  void statisticsWillTellWhichProductsAreCheap() throws IOException {
    assertThat(printed("int8-cnn"))
        .contains(
            "2 of 2 products in integers, 1 of them if statistics allow; of these the cheapest may"
                + " read float, as statistics tell\n");
  }
}
