package dev.tare.engine.tflite.write;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.target.LiteKernel;
import dev.tare.engine.tensor.Tensor;
import dev.tare.engine.tflite.LiteModels;
import dev.tare.testkit.PythonEnvironment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The models of {@code KernelsTest} in Google's LiteRT for Python: it computes what TensorFlow Lite
 * computes here.
 */
@Tag("extended")
class LiteRtTest {

  /** Off by one: the middle of two integers, which LiteRT 2.3 rounds otherwise than 2.20. */
  private static final Set<String> ROUNDED_OTHERWISE =
      Set.of("LEAKY_RELU", "MEAN", "RESIZE_BILINEAR", "TRANSPOSE_CONV");

  private static final Path SCRIPTS = Path.of("src", "test", "python");

  @TempDir private Path folder;

  @Test
  void everyOperatorGivesTheIntegersOfLiteRt() throws IOException {
    List<String> expected = new ArrayList<>();
    for (OneOperator operator : OneOperator.all()) {
      expected.add(write(operator, "int8-tflite"));
      if (LiteKernel.wideVersion(operator.type()).isPresent()) {
        expected.add(write(operator, "int16x8-tflite"));
      }
    }
    String printed =
        PythonEnvironment.of(SCRIPTS.resolve("requirements-litert.txt"))
            .script(SCRIPTS.resolve("litert_outputs.py").toString(), folder.toString());
    System.out.println(printed);
    List<String> found =
        printed.lines().filter(line -> line.contains(" outputs, largest difference ")).toList();
    assertThat(found).hasSameSizeAs(expected);
    for (String name : expected) {
      boolean otherwise =
          name.endsWith("-int8-tflite")
              && ROUNDED_OTHERWISE.contains(name.substring(0, name.indexOf('-')));
      String largest = otherwise ? "[01]" : "0";
      assertThat(found).anyMatch(line -> line.matches(name + ": .* difference " + largest));
    }
  }

  /** Writes model, inputs and outputs as integers of 32 bits; returns their name. */
  private String write(OneOperator operator, String recipe) throws IOException {
    WrittenOperator written = WrittenOperator.of(operator, recipe, folder);
    String name = operator.type() + "-" + recipe;
    Path own = Files.createDirectories(folder.resolve(name));
    Files.write(own.resolve("model.tflite"), LiteModels.written(written.integers()));
    for (Map.Entry<String, Tensor> input : written.inputs().entrySet()) {
      float[] values = input.getValue().toFloatArray();
      Files.write(
          own.resolve(input.getKey() + ".input"), codes(values, written.params(input.getKey())));
    }
    Map<String, float[]> outputs =
        LitePlans.run(written.integers(), written.inputs(), written.outputs(), folder);
    for (Map.Entry<String, float[]> output : outputs.entrySet()) {
      Files.write(
          own.resolve(output.getKey() + ".output"),
          codes(output.getValue(), written.params(output.getKey())));
    }
    return name;
  }

  private static byte[] codes(float[] values, QuantParams params) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Integer.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putInt((int) Math.rint(value / (double) params.scale()) + params.zeroPoint());
    }
    return bytes.array();
  }
}
