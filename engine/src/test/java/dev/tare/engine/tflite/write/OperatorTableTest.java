package dev.tare.engine.tflite.write;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.target.LiteKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** The table of operators in engine/docs/targets.md says what is written, and what is tested. */
class OperatorTableTest {

  private static final String HEAD = "| operator | scales | int8 from | int16 from | tested |";

  @Test
  void everyRowIsWhatIsWrittenAndTested() throws IOException {
    List<String> rows =
        Files.readAllLines(Path.of("docs", "targets.md")).stream()
            .dropWhile(line -> !line.equals(HEAD))
            .takeWhile(line -> line.startsWith("|"))
            .skip(2)
            .toList();
    assertThat(String.join("\n", rows))
        .isEqualTo(
            String.join(
                "\n",
                OneOperator.all().stream()
                    .sorted(Comparator.comparing(OneOperator::type))
                    .map(OperatorTableTest::row)
                    .toList()));
  }

  /** {@code KernelsTest} has one operator for each kernel of the recipe. */
  private static String row(OneOperator operator) {
    String type = operator.type();
    LiteKernel kernel = LiteKernel.of(type).orElseThrow();
    OptionalInt wide = LiteKernel.wideVersion(type);
    String tested = KernelsTest.class.getSimpleName();
    String how = operator.tolerance() == 0 ? "equal" : "within " + operator.tolerance();
    String howWide = "; int16 within " + KernelsTest.wideTolerance(type);
    return "| %s | %s | %s | %s | `%s`: int8 %s%s |"
        .formatted(
            type,
            scales(type, kernel),
            type.equals("MUL") ? "2, or 3" : kernel.version(),
            wide.isPresent() ? wide.getAsInt() : "-",
            tested,
            how,
            wide.isPresent() ? howWide : "");
  }

  private static String scales(String type, LiteKernel kernel) {
    return switch (kernel.scales()) {
      case PRODUCT ->
          "free; weights per "
              + switch (type) {
                case "FULLY_CONNECTED" -> "row";
                case "DEPTHWISE_CONV_2D" -> "channel, axis 3";
                default -> "channel, axis 0";
              };
      case FREE -> "free";
      case OF_INPUT -> "outputs that of the input";
      case OF_OUTPUT -> "inputs that of the output";
      case FIXED ->
          switch (kernel.fixed()) {
            case PROBABILITIES_IN_256THS -> "int8: 1/256, zero point -128; int16: 1/32768";
            case SIGNED_IN_128THS ->
                LiteKernel.wideVersion(type).isPresent()
                    ? "int8: 1/128, zero point 0; int16: 1/32768"
                    : "1/128, zero point 0";
            case LOGARITHMS_IN_16THS -> "16/256, zero point 127";
            default -> throw new IllegalArgumentException(type);
          };
    };
  }
}
