package dev.tare.jobs.formats;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.graph.GraphNode;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.WeightUse;
import dev.tare.engine.tensor.Shape;
import java.util.List;
import java.util.Optional;

/** One layer: {@code max(0, x * weight + bias)}, or without the max; x may be fake-quantized. */
final class Layer {

  private final JsonNode json;
  private final String input;

  Layer(JsonNode json, String input) {
    this.json = json;
    this.input = input;
  }

  String name() {
    return json.path("name").asText();
  }

  String input() {
    return input;
  }

  String output() {
    return name() + ".out";
  }

  String weightName() {
    return name() + ".weight";
  }

  String biasName() {
    return name() + ".bias";
  }

  int in() {
    return json.path("in").asInt();
  }

  int out() {
    return json.path("out").asInt();
  }

  Shape weightShape() {
    return Shape.of(in(), out());
  }

  float[] weight() {
    return values(json.path("weight"), out());
  }

  float[] bias() {
    return values(json.path("bias"), out());
  }

  boolean quantized() {
    return json.has("input");
  }

  /** Numbers, or codes with one scale for each index of the last axis, or one for all. */
  private static float[] values(JsonNode node, int width) {
    JsonNode numbers = node.isArray() ? node : node.path("codes");
    float[] values = new float[numbers.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = numbers.path(i).floatValue();
      if (node.isObject()) {
        int channel = node.path("scales").size() == 1 ? 0 : i % width;
        values[i] =
            (values[i] - node.path("zero-points").path(channel).asInt())
                * node.path("scales").path(channel).floatValue();
      }
    }
    return values;
  }

  float[] apply(float[] x, float[] weight, float[] bias) {
    float[] read = quantized() ? fakeQuantized(x) : x;
    float[] sums = new float[bias.length];
    for (int c = 0; c < sums.length; c++) {
      float sum = bias[c];
      for (int k = 0; k < read.length; k++) {
        sum += read[k] * weight[k * sums.length + c];
      }
      sums[c] = json.path("relu").asBoolean() ? Math.max(0, sum) : sum;
    }
    return sums;
  }

  private float[] fakeQuantized(float[] x) {
    JsonNode by = json.path("input");
    float scale = by.path("scale").floatValue();
    float[] y = new float[x.length];
    for (int i = 0; i < y.length; i++) {
      double q = Math.rint(x[i] / scale) + by.path("zero-point").asInt();
      q = Math.max(by.path("qmin").asInt(), Math.min(by.path("qmax").asInt(), q));
      y[i] = (float) (q - by.path("zero-point").asInt()) * scale;
    }
    return y;
  }

  QuantizableNode quantizable() {
    return new QuantizableNode(
        name(),
        LinearModel.OPERATOR,
        input,
        0,
        weightName(),
        1,
        weightShape(),
        1,
        Optional.of(biasName()),
        1,
        new WeightUse(false, true, false, 0, false));
  }

  GraphNode node() {
    return new GraphNode(
        name(),
        LinearModel.OPERATOR,
        List.of(input, weightName(), biasName()),
        List.of(),
        List.of(output()),
        false);
  }
}
