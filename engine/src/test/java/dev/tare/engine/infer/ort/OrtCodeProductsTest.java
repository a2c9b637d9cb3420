package dev.tare.engine.infer.ort;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.observe.CodeProducts;
import dev.tare.engine.observe.PlainCodeProducts;
import org.junit.jupiter.api.Test;

class OrtCodeProductsTest {

  /** Adds two products at a time in 16 bits, as u8 by s8 does on processors without VNNI. */
  private static final class Saturating implements CodeProducts {

    @Override
    public void add(byte[] codes, int vectors, int channels, long[][] upper) {
      for (int i = 0; i < channels; i++) {
        for (int j = i; j < channels; j++) {
          for (int v = 0; v < vectors; v += 2) {
            int pair = 0;
            for (int w = v; w < Math.min(v + 2, vectors); w++) {
              pair += codes[w * channels + i] * codes[w * channels + j];
            }
            upper[i][j - i] += Math.max(Short.MIN_VALUE, Math.min(Short.MAX_VALUE, pair));
          }
        }
      }
    }

    @Override
    public void close() {}
  }

  @Test
  void kernelsThatSaturateAreNoticedWhenTheirSessionOpens() {
    assertThat(OrtCodeProducts.exact(new PlainCodeProducts())).isTrue();
    assertThat(OrtCodeProducts.exact(new Saturating())).isFalse();
    try (CodeProducts opened = OrtCodeProducts.open(1)) {
      assertThat(OrtCodeProducts.exact(opened)).isTrue();
    }
  }
}
