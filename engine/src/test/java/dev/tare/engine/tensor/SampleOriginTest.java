package dev.tare.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SampleOriginTest {

  private static final SampleOrigin A = SampleOrigin.of(hash(1));
  private static final SampleOrigin B = SampleOrigin.of(hash(0xf0));

  private static byte[] hash(int first) {
    byte[] hash = new byte[32];
    hash[0] = (byte) first;
    return hash;
  }

  private static OptionalLong row(long row) {
    return OptionalLong.of(row);
  }

  @Test
  void orderIsHashThenFileThenRowWithKnownPlacesFirst() {
    List<SampleOrigin> ordered =
        List.of(
            A.at("f", row(2)),
            A.at("f", row(10)),
            A.at("f", OptionalLong.empty()),
            A.at("g", row(0)),
            A.at("ａ", row(0)),
            A.at("😀", row(0)),
            A,
            B.at("e", row(0)),
            B);
    List<SampleOrigin> shuffled = new ArrayList<>(ordered);
    Collections.shuffle(shuffled, new Random(3));
    Collections.sort(shuffled);
    assertThat(shuffled).isEqualTo(ordered);
  }

  @Test
  void firstOfTwoPrefersWhatIsKnown() {
    assertThat(SampleOrigin.first(Optional.of(B), Optional.of(A))).contains(A);
    assertThat(SampleOrigin.first(Optional.empty(), Optional.of(B))).contains(B);
    assertThat(SampleOrigin.first(Optional.of(B), Optional.empty())).contains(B);
    assertThat(SampleOrigin.first(Optional.empty(), Optional.empty())).isEmpty();
  }

  @Test
  void contentIsTheHashOfTheSample() {
    Sample sample = Sample.of(Map.of("x", Tensor.ofFloats(Shape.of(2), new float[] {1, 2})));
    SampleOrigin origin = SampleOrigin.of(sample);
    assertThat(origin.sha256()).isEqualTo(HexFormat.of().formatHex(Sample.hash(sample.encode())));
    assertThat(origin.at("f", row(1)).withoutPlace()).isEqualTo(origin);
  }

  @Test
  void invalidOriginsAreRefused() {
    assertThatThrownBy(() -> SampleOrigin.of(new byte[31]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid SHA-256 of a sample: '" + "00".repeat(31) + "'");
    assertThatThrownBy(
            () -> new SampleOrigin("AB".repeat(32), Optional.empty(), OptionalLong.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid SHA-256 of a sample: '" + "AB".repeat(32) + "'");
    for (String file : List.of("", "\ud800", "f".repeat((1 << 16) + 1))) {
      assertThatThrownBy(() -> A.at(file, row(0)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Invalid file of a sample: '" + file + "'");
    }
    assertThatThrownBy(() -> A.at("f", row(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid row of a sample: -1 of 'f'");
    assertThatThrownBy(() -> new SampleOrigin(A.sha256(), Optional.empty(), row(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid row of a sample: 1 of no file");
  }
}
