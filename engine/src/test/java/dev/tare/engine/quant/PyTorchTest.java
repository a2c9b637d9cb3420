package dev.tare.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Values that PyTorch 2.15 gave for edge cases; but NaN, to which it gives a number. */
class PyTorchTest {

  private static final Granularity TENSOR = Granularity.perTensor();

  @Test
  void edgeCasesAreReproducedToTheBit() throws IOException {
    JsonNode golden = golden();
    float[] all = floats(golden.get("x"));
    int compared = 0;
    for (JsonNode golds : golden.get("cases")) {
      String type = golds.path("dtype").asText("qint8");
      QuantParams params =
          new QuantParams(
              type.equals("qint8") ? QuantType.INT8 : QuantType.UINT8,
              golds.get("scale").floatValue(),
              golds.get("zp").intValue());
      float[] expected = floats(golds.has("q") ? golds.get("q") : golds.get("y"));
      for (int i = 0; i < all.length; i++) {
        Tensor x = Tensor.ofFloats(Shape.of(1), all[i]);
        if (Float.isNaN(all[i])) {
          assertThatThrownBy(() -> quantize(x, params, Rounding.RECIPROCAL))
              .hasMessage("Cannot quantize NaN at flat index 0");
          continue;
        }
        Tensor got =
            golds.has("q")
                ? integers(quantize(x, params, Rounding.RECIPROCAL), params.type())
                : fake(x, params);
        assertThat(got.toFloatArray()).as("%s of %s", golds, all[i]).containsExactly(expected[i]);
        compared++;
      }
    }
    assertThat(compared).isEqualTo(9 * 19);
  }

  @Test
  void nearTiesFallAsTheNamedRoundingSays() throws IOException {
    JsonNode ties = golden().get("near_tie");
    float[] x = floats(ties.get("x_f32"));
    Tensor tensor = Tensor.ofFloats(Shape.of(x.length), x);
    QuantParams params = new QuantParams(QuantType.INT8, ties.get("scale_f32").floatValue(), 0);
    for (Rounding rounding : Rounding.values()) {
      String key = rounding == Rounding.DIVISION ? "onnx_division" : "torch_and_reciprocal";
      assertThat(integers(quantize(tensor, params, rounding), params.type()).toFloatArray())
          .containsExactly(floats(ties.get(key)));
    }
  }

  @Test
  void theRoundingsDifferOnAsManyTiesAsPyTorchDoes() throws IOException {
    JsonNode ties = golden().get("near_tie");
    float scale = ties.get("scale_f32").floatValue();
    float[] x = new float[240];
    for (int k = -120; k < 120; k++) {
      x[k + 120] = (k + 0.5f) * scale;
    }
    Tensor tensor = Tensor.ofFloats(Shape.of(x.length), x);
    QuantParams params = new QuantParams(QuantType.INT8, scale, 0);
    byte[] divided = new byte[240];
    byte[] multiplied = new byte[240];
    quantize(tensor, params, Rounding.DIVISION).bytes().get(divided);
    quantize(tensor, params, Rounding.RECIPROCAL).bytes().get(multiplied);
    int different = 0;
    for (int i = 0; i < x.length; i++) {
      different += divided[i] != multiplied[i] ? 1 : 0;
    }
    assertThat(different).isEqualTo(ties.get("count_of_240").asInt());
  }

  private static Tensor quantize(Tensor x, QuantParams params, Rounding rounding) {
    return Quantizer.quantize(x, List.of(params), TENSOR, Limits.of(params.type()), rounding);
  }

  private static Tensor fake(Tensor x, QuantParams params) {
    Limits limits = Limits.of(params.type());
    return Quantizer.fakeQuantize(x, List.of(params), TENSOR, limits, Rounding.RECIPROCAL);
  }

  private static Tensor integers(Tensor q, QuantType type) {
    return Quantizer.dequantize(q, List.of(new QuantParams(type, 1f, 0)), TENSOR);
  }

  private static float[] floats(JsonNode array) {
    List<Float> values = new ArrayList<>();
    array.forEach(each -> values.add(Float.valueOf(each.asText())));
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
    }
    return floats;
  }

  private static JsonNode golden() throws IOException {
    try (InputStream in = PyTorchTest.class.getResourceAsStream("/golden/pt_edge_cases.json")) {
      return new ObjectMapper().readTree(in);
    }
  }
}
