package dev.tare.engine.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.FloatSamples;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.MinMax;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.RangeSelector;
import dev.tare.engine.range.Target;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorRtCacheTest {

  private static final Target INT8 = new Target(QuantType.INT8, true, true, false);

  @Test
  void aCacheThatModelOptimizerReadComesBackByteForByte() throws IOException {
    String text = resource("/golden/tiny_cnn_calib.cache");
    TensorRtCache cache = TensorRtCache.parse(text);
    assertThat(cache.version()).isEqualTo(8501);
    assertThat(cache.algorithm()).isEqualTo("EntropyCalibration2");
    Map<String, Float> scales = new LinkedHashMap<>();
    scales.put("x", 0.01f);
    scales.put("r1", 0.02f);
    scales.put("r2", 0.05f);
    scales.put("r3", 0.11f);
    scales.put("p", 0.11f);
    scales.put("cc", 0.115f);
    scales.put("c4", 0.2f);
    assertThat(cache.scales()).containsExactlyEntriesOf(scales);
    assertThat(cache.format()).isEqualTo(text);
  }

  @Test
  void magnitudesGetTheHexadecimalScalesOfTensorRt() throws IOException {
    JsonNode golden =
        new ObjectMapper().readTree(resource("/golden/ort_scale_zp.json")).get("trt_cache_hex");
    assertThat(golden).hasSize(6);
    for (JsonNode vector : golden) {
      float magnitude = vector.get("amax").floatValue();
      TensorRtCache cache =
          TensorRtCache.ofMagnitudes(100300, "MinMaxCalibration", Map.of("t", magnitude));
      assertThat(cache.format())
          .isEqualTo(
              "TRT-100300-MinMaxCalibration\nt: " + vector.get("scale_line").asText() + "\n");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"min-max", "entropy-trt", "entropy"})
  void aSelectedRangeHasTheScaleThatInt8WouldHave(String method) {
    Distribution distribution =
        FloatSamples.distribution(FloatSamples.OUTLIERS.values(20_000, 61), 10);
    Range range = RangeSelector.parse(method).select(distribution, INT8);
    TensorRtCache cache =
        TensorRtCache.ofMagnitudes(8501, "EntropyCalibration2", Map.of("t", range.magnitude()));
    assertThat(cache.scales().get("t")).isEqualTo(INT8.params(range).scale());
    assertThat(TensorRtCache.parse(cache.format())).isEqualTo(cache);
    assertThat(TensorRtCache.parse(cache.format()).magnitudes().get("t"))
        .isBetween(Math.nextDown(range.magnitude()), Math.nextUp(range.magnitude()));
  }

  @Test
  void anUnclippedTensorFromZeroToOneHasTheScalesOfPublishedCaches() {
    Distribution one = Distribution.of(new double[] {0}, new double[] {1}, new long[] {9}, 0f, 1f);
    float magnitude = new MinMax().select(one, INT8).magnitude();
    assertThat(line("MinMaxCalibration", magnitude)).endsWith("t: 3c010204\n");
    assertThat(line("EntropyCalibration2", magnitude * (2048.5f / 2048))).endsWith("t: 3c010a14\n");
  }

  private static String line(String algorithm, float magnitude) {
    return TensorRtCache.ofMagnitudes(8501, algorithm, Map.of("t", magnitude)).format();
  }

  @Test
  void namesWithColonsAndCarriageReturnsAreRead() {
    TensorRtCache cache =
        TensorRtCache.parse("TRT-8501-MinMaxCalibration\r\na::b: 1:0: 3c010204\r\n\r\n");
    assertThat(cache.scales()).containsExactly(Map.entry("a::b: 1:0", (float) (1 / 127.0)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                 | Not a TensorRT cache: its first line is '', not TRT-VERSION-ALGORITHM",
        "x: 3c23d70a        | Not a TensorRT cache: its first line is 'x: 3c23d70a', not"
            + " TRT-VERSION-ALGORITHM",
        "TRT-1-A;x 3c23d70a | Invalid line in a TensorRT cache: 'x 3c23d70a', not 'NAME: HEX'",
        "TRT-1-A;x: 0.5     | Invalid line in a TensorRT cache: 'x: 0.5', not 'NAME: HEX'",
        "TRT-1-A;x: 123456789 | Invalid line in a TensorRT cache: 'x: 123456789', not 'NAME: HEX'",
        "TRT-1-A;: 3c23d70a | Invalid line in a TensorRT cache: ': 3c23d70a', not 'NAME: HEX'",
        "TRT-1-A;x: 7f800000 | Invalid scale of tensor 'x' in a TensorRT cache: Infinity",
        "TRT-1-A;x: 7fc00000 | Invalid scale of tensor 'x' in a TensorRT cache: NaN",
        "TRT-1-A;x: bc23d70a | Invalid scale of tensor 'x' in a TensorRT cache: -0.01",
        "TRT-1-A;x: 1;x: 2  | Tensor 'x' occurs twice in a TensorRT cache",
      })
  void refusesWhatIsNoCache(String text, String message) {
    assertThatThrownBy(() -> TensorRtCache.parse(text.replace(';', '\n')))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void refusesToWriteWhatWouldNotBeReadBack() {
    assertThatThrownBy(() -> new TensorRtCache(1, "A B", Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid TensorRT cache: version 1, algorithm 'A B'");
    assertThatThrownBy(() -> new TensorRtCache(1, "A", Map.of("a\nb", 1f)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid name in a TensorRT cache: 'a\nb'");
  }

  private static String resource(String path) throws IOException {
    try (InputStream in = TensorRtCacheTest.class.getResourceAsStream(path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
