package dev.tare.engine.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Target;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import org.junit.jupiter.api.Test;

class AwqScalesTest {

  private static final Target U4 = new Target(QuantType.UINT4, false, false, false);

  /** Read from the output of awq_reference.py. */
  @Test
  void factorsAreThoseOfNumpy() throws IOException {
    try (InputStream in = getClass().getResourceAsStream("awq.txt");
        Scanner words = new Scanner(in, StandardCharsets.UTF_8)) {
      int channels = words.nextInt();
      int columns = words.nextInt();
      int block = words.nextInt();
      double[] squares = new double[channels];
      for (int j = 0; j < channels; j++) {
        squares[j] = Double.parseDouble(words.next());
      }
      List<AwqScales.Product> products = new ArrayList<>();
      for (int w = 0; w < 2; w++) {
        float[] values = new float[channels * columns];
        boolean second = w == 1;
        for (int k = 0; k < values.length; k++) {
          // The second as Gemm stores it.
          int at = second ? k % columns * channels + k / columns : k;
          values[at] = Float.parseFloat(words.next());
        }
        Shape shape = second ? Shape.of(columns, channels) : Shape.of(channels, columns);
        products.add(new AwqScales.Product(Tensor.ofFloats(shape, values), w, U4, block));
      }
      AwqScales.Choice choice = AwqScales.choose(squares, products).orElseThrow();
      assertThat(choice.alpha()).isEqualTo(Double.parseDouble(words.next()));
      for (float factor : choice.factors()) {
        double numpy = Double.parseDouble(words.next());
        assertThat((double) factor).isCloseTo(numpy, within(numpy * 1e-6));
      }
    }
  }

  @Test
  void equalChannelsKeepTheirScale() {
    Tensor weight = Tensor.ofFloats(Shape.of(2, 1), new float[] {.3f, 1});
    List<AwqScales.Product> products = List.of(new AwqScales.Product(weight, 0, U4, 32));
    assertThat(AwqScales.choose(new double[] {4, 4}, products)).isEmpty();
    assertThat(AwqScales.choose(new double[] {0, 0}, products)).isEmpty();
    assertThatThrownBy(() -> AwqScales.choose(new double[] {1, 2, 3}, products))
        .hasMessage("3 channels, but a weight of shape [2, 1]");
  }
}
