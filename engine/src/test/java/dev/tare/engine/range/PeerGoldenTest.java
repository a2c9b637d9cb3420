package dev.tare.engine.range;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.QuantType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Ranges that PyTorch's and NVIDIA's own code selected from their own histograms, to the bit;
 * {@code golden/peer_calibrators.py} made them.
 */
class PeerGoldenTest {

  @TestFactory
  List<DynamicTest> selectsTheRangeOfPyTorchToTheBit() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode golden : golden("torch")) {
      for (boolean symmetric : new boolean[] {false, true}) {
        String name = golden.get("data").asText() + (symmetric ? ", symmetric" : "");
        tests.add(DynamicTest.dynamicTest(name, () -> checkTorch(golden, symmetric)));
      }
    }
    assertThat(tests).hasSize(22);
    return tests;
  }

  private static void checkTorch(JsonNode golden, boolean symmetric) {
    long[] counts = counts(golden.get("counts-times-16"));
    float min = golden.get("min").floatValue();
    float max = golden.get("max").floatValue();
    double[] edges = new double[counts.length + 1];
    for (int i = 0; i < edges.length; i++) {
      edges[i] = i == counts.length ? max : min + ((double) max - min) * i / counts.length;
    }
    Target target = new Target(QuantType.UINT8, symmetric, false, false);
    Range range = new L2Torch().select(distribution(edges, counts, min, max), target);
    JsonNode expected = golden.get("range");
    assertThat(golden.get("range-float64-sum")).isEqualTo(expected);
    assertThat(range)
        .isEqualTo(Range.containing(expected.get(0).floatValue(), expected.get(1).floatValue()));
    JsonNode params =
        golden.get(symmetric ? "torch.per_tensor_symmetric" : "torch.per_tensor_affine");
    assertThat(target.params(range).zeroPoint()).isEqualTo(params.get("zero-point").intValue());
    float scale = params.get("scale").floatValue();
    // PyTorch divides float32 by float32, ONNX Runtime and this engine float64 by float64.
    assertThat(target.params(range).scale()).isBetween(Math.nextDown(scale), Math.nextUp(scale));
  }

  @TestFactory
  List<DynamicTest> selectsTheMagnitudeOfNvidiaToTheBit() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode golden : golden("nvidia")) {
      Distribution histogram = nvidiaHistogram(golden);
      for (JsonNode result : golden.get("results")) {
        for (String method : List.of("mse", "entropy", "percentile-99.0", "percentile-99.99")) {
          String name = golden.get("data").asText() + " " + result.get("bits") + " " + method;
          tests.add(
              DynamicTest.dynamicTest(
                  name + (result.get("unsigned").asBoolean() ? ", unsigned" : ""),
                  () -> checkNvidia(histogram, result, method)));
        }
      }
    }
    assertThat(tests).hasSize(68);
    return tests;
  }

  private static void checkNvidia(Distribution histogram, JsonNode result, String method) {
    boolean unsigned = result.get("unsigned").asBoolean();
    boolean four = result.get("bits").asInt() == 4;
    QuantType type =
        unsigned
            ? (four ? QuantType.UINT4 : QuantType.UINT8)
            : four ? QuantType.INT4 : QuantType.INT8;
    RangeSelector selector =
        switch (method) {
          case "mse" -> new MseTrt();
          case "entropy" -> new EntropyTrt();
          default -> new PercentileOrt(Double.parseDouble(method.substring(11)));
        };
    Target target = new Target(type, !unsigned || method.startsWith("p"), !unsigned, false);
    float magnitude = selector.select(histogram, target).magnitude();
    float amax = result.get(method).floatValue();
    if (method.equals("entropy") && inside(histogram, amax) == 0) {
      // Every value would be clipped: the one peculiarity that is not kept.
      assertThat(inside(histogram, magnitude)).isGreaterThan(histogram.total() / 2);
    } else {
      assertThat(magnitude).isEqualTo(amax);
    }
  }

  private static long inside(Distribution histogram, float magnitude) {
    long sum = 0;
    for (int bin = 0; bin < histogram.bins() && histogram.upper(bin) <= magnitude; bin++) {
      sum += histogram.count(bin);
    }
    return sum;
  }

  private static Distribution nvidiaHistogram(JsonNode golden) {
    FloatBuffer floats =
        ByteBuffer.wrap(HexFormat.of().parseHex(golden.get("edges").asText())).asFloatBuffer();
    double[] edges = new double[floats.remaining()];
    for (int i = 0; i < edges.length; i++) {
      edges[i] = floats.get(i);
    }
    // The grown histogram's last edge lies beyond the largest value, which is not cut there.
    return distribution(edges, counts(golden.get("counts")), 0, (float) edges[edges.length - 1]);
  }

  private static Distribution distribution(double[] edges, long[] counts, float min, float max) {
    double[] lower = new double[counts.length];
    double[] upper = new double[counts.length];
    System.arraycopy(edges, 0, lower, 0, counts.length);
    System.arraycopy(edges, 1, upper, 0, counts.length);
    return Distribution.of(lower, upper, counts, min, max);
  }

  private static long[] counts(JsonNode packed) {
    List<Long> counts = new ArrayList<>();
    for (JsonNode number : packed) {
      long count = number.asLong();
      for (long zeros = count; zeros < 0; zeros++) {
        counts.add(0L);
      }
      if (count > 0) {
        counts.add(count);
      }
    }
    return counts.stream().mapToLong(Long::longValue).toArray();
  }

  private static JsonNode golden(String peer) throws IOException {
    try (InputStream in =
        PeerGoldenTest.class.getResourceAsStream("/golden/peer_calibrators.json")) {
      return new ObjectMapper().readTree(in).get(peer);
    }
  }
}
