package dev.tare.engine.onnx;

import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Random;

/** Models that others published, from jars on the class path of the tests. */
enum PublishedModels {
  /** PP-OCRv4: what a line of text says. Its weights are Constant nodes. */
  RECOGNITION("models/ch_PP-OCRv4_rec_infer.onnx"),
  /** PP-OCR: whether a line of text is upside down. */
  DIRECTION("models/ch_ppocr_mobile_v2.0_cls_infer.onnx"),
  /** all-MiniLM-L6-v2: a vector for each token of a sentence. */
  SENTENCES("all-minilm-l6-v2.onnx");

  private final String resource;

  PublishedModels(String resource) {
    this.resource = resource;
  }

  OnnxModel read() {
    try (InputStream in = getClass().getClassLoader().getResourceAsStream(resource)) {
      return OnnxModel.parse(in.readAllBytes(), name() + ".onnx");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Something that the model takes: dark strokes on light paper in [-1, 1], or word ids. */
  Map<String, Tensor> input(long seed) {
    Random random = new Random(seed);
    if (this == SENTENCES) {
      int length = 12;
      long[] ids = random.longs(length, 1000, 30000).toArray();
      long[] mask = random.longs(length, 1, 2).toArray();
      return Map.of(
          "input_ids",
          Tensor.ofLongs(Shape.of(1, length), ids),
          "attention_mask",
          Tensor.ofLongs(Shape.of(1, length), mask),
          "token_type_ids",
          Tensor.ofLongs(Shape.of(1, length), new long[length]));
    }
    int width = this == RECOGNITION ? 320 : 192;
    int height = 48;
    float[] image = new float[3 * height * width];
    for (int stroke = 0; stroke < 60; stroke++) {
      int top = 8 + random.nextInt(24);
      int left = random.nextInt(width - 8);
      boolean upright = random.nextBoolean();
      for (int y = top; y < top + (upright ? 12 : 2); y++) {
        for (int x = left; x < left + (upright ? 2 : 8); x++) {
          image[y * width + x] = 1;
        }
      }
    }
    for (int i = 0; i < image.length; i++) {
      float paper = .85f + .1f * random.nextFloat();
      image[i] = paper - 1.7f * image[i % (height * width)];
    }
    return Map.of("x", Tensor.ofFloats(Shape.of(1, 3, height, width), image));
  }
}
