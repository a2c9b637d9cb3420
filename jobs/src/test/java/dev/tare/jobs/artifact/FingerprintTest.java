package dev.tare.jobs.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FingerprintTest {
  private static final InputRef MODEL =
      InputRef.of("model", URI.create("file:/m.onnx"), Digest.of("m"));
  private static final InputRef DATA = InputRef.unhashed("data", URI.create("file:/d"), 3, 4);

  private static Fingerprint of(List<InputRef> inputs, Map<String, String> configuration) {
    return Fingerprint.of("0.1.0", List.of("calibrate"), inputs, configuration);
  }

  @Test
  void isTheHashOfItsFacts() {
    assertThat(of(List.of(), Map.of("samples", "5")).sha256())
        .isEqualTo(
            Digest.of("14:option samples=1:5\n6:stages=9:calibrate\n12:tare version=5:0.1.0\n")
                .sha256());
  }

  @Test
  void leavesOutPlacesAndSpeed() {
    Map<String, String> here =
        Map.of("model", "a", "data", "b", "partitions", "1", "batch-size", "1", "samples", "5");
    Map<String, String> there =
        Map.of("model", "x", "data", "y", "partitions", "7", "batch-size", "8", "samples", "5");
    InputRef moved = InputRef.of("model", URI.create("hdfs://n/m.onnx"), Digest.of("m"));

    assertThat(of(List.of(MODEL, DATA), here).sha256())
        .isEqualTo(of(List.of(DATA, moved), there).sha256());
  }

  @Test
  void namesWhatDiffers() {
    Fingerprint mine = of(List.of(MODEL), Map.of("samples", "5"));
    Fingerprint theirs = of(List.of(MODEL, DATA), Map.of("samples", "6", "max-length", "128"));

    assertThat(mine.differences(theirs))
        .containsExactly(
            "input data is absent here and file:/d, 3 bytes, modified 4 there",
            "option max-length is absent here and 128 there",
            "option samples is 5 here and 6 there");
    assertThat(mine.sha256()).isNotEqualTo(theirs.sha256());
    assertThat(mine.differences(mine)).isEmpty();
  }

  @Test
  void changesWithContentOfAnInputThatKeepsItsPlace() {
    InputRef other = InputRef.of("model", URI.create("file:/m.onnx"), Digest.of("n"));

    assertThat(of(List.of(MODEL), Map.of()).sha256())
        .isNotEqualTo(of(List.of(other), Map.of()).sha256());
  }
}
