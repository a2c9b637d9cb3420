package dev.tare.engine.range;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.QuantType;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class OrtGoldenTest {

  private static final float[] A = stream(1, 1f);
  private static final float[] B = stream(2, 1.7f);

  @TestFactory
  List<DynamicTest> selectsTheRangeOfOnnxRuntimeToTheBit() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    List<JsonNode> distributions = new ArrayList<>();
    try (InputStream in = getClass().getResourceAsStream("/golden/ort_calibrators.json")) {
      for (JsonNode golden : new ObjectMapper().readTree(in).get("ort_1_30")) {
        if (golden.get("method").asText().equals("distribution")) {
          distributions.add(golden);
        } else {
          tests.add(DynamicTest.dynamicTest(golden.toString(), () -> check(golden)));
        }
      }
    }
    assertThat(tests).hasSize(24);
    // Left out: they hold a standard deviation for float8 scales and select no range.
    assertThat(distributions).hasSize(3).allMatch(golden -> golden.has("std"));
    return tests;
  }

  private static void check(JsonNode golden) {
    boolean entropy = golden.get("method").asText().equals("entropy");
    boolean symmetric = golden.get("symmetric").asBoolean();
    OrtCollector collector =
        new OrtCollector(symmetric && !entropy, golden.get("num_bins").asInt());
    for (String batch : golden.get("batches").asText().split(",", -1)) {
      collector.add(batch.equals("a") ? A : B);
    }
    Distribution histogram = collector.distribution();
    assertThat(collector.bins()).isEqualTo(golden.get("final_bins").asInt());
    assertThat(histogram.total()).isEqualTo(golden.get("hist_sum").asLong());
    assertThat(histogram.upper(histogram.bins() - 1))
        .isEqualTo(golden.get("edge_hi").doubleValue());
    RangeSelector selector =
        entropy
            ? new EntropyOrt(golden.get("num_quantized_bins").asInt())
            : new PercentileOrt(golden.get("percentile").doubleValue());
    Range range =
        selector.select(histogram, new Target(QuantType.INT8, symmetric, symmetric, false));
    assertThat(range)
        .isEqualTo(
            new Range(golden.get("lowest").floatValue(), golden.get("highest").floatValue()));
  }

  @Test
  void theSmallGoldenOfEntropySelectsTheFullRange() {
    double[] lower = {-4, -3, -2, -1, 0, 1, 2, 3};
    double[] upper = {-3, -2, -1, 0, 1, 2, 3, 4};
    Distribution histogram =
        Distribution.of(lower, upper, new long[] {1, 3, 10, 40, 42, 9, 2, 1}, -3.9f, 3.7f);
    assertThat(new EntropyOrt(4).select(histogram, new Target(QuantType.INT8, false, false, false)))
        .isEqualTo(new Range(-3.9f, 3.7f));
  }

  private static float[] stream(int seed, float factor) {
    long state = seed;
    float[] values = new float[4000];
    for (int i = 0; i < values.length; i++) {
      double sum = 0;
      for (int k = 0; k < 12; k++) {
        state = (state * 1103515245 + 12345) & 0x7fffffffL;
        sum += state / 2147483648.0;
      }
      values[i] = (float) (sum - 6) * factor;
    }
    return values;
  }
}
