package dev.tare.engine.onnx;

import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;

/** Models that others published, from jars on the class path of the tests. */
public enum PublishedModels {
  /** PP-OCRv4: what a line of text says. Its weights are Constant nodes. */
  RECOGNITION("models/ch_PP-OCRv4_rec_infer.onnx"),
  /** PP-OCR: whether a line of text is upside down. */
  DIRECTION("models/ch_ppocr_mobile_v2.0_cls_infer.onnx"),
  /** all-MiniLM-L6-v2: a vector for each token of a sentence. */
  SENTENCES("all-minilm-l6-v2.onnx");

  /** Word ids of whole sentences, such as "the quick brown fox jumps over the lazy dog." */
  private static final List<long[]> WORDS =
      List.of(
          new long[] {101, 1996, 4248, 2829, 4419, 14523, 2058, 1996, 13971, 3899, 1012, 102},
          new long[] {101, 3531, 2424, 4987, 1996, 3189, 2005, 2256, 3116, 2006, 6928, 1012, 102},
          new long[] {101, 2129, 2024, 2017, 2651, 1029, 102},
          new long[] {101, 2023, 2003, 1037, 3231, 1997, 1996, 2047, 2291, 1012, 102});

  private final String resource;

  PublishedModels(String resource) {
    this.resource = resource;
  }

  public OnnxModel read() {
    try (InputStream in = getClass().getClassLoader().getResourceAsStream(resource)) {
      return OnnxModel.parse(in.readAllBytes(), name() + ".onnx");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Four inputs of its kind: sentences, or images of strokes. */
  public List<Map<String, Tensor>> inputs() {
    return this == SENTENCES
        ? WORDS.stream().map(PublishedModels::sentence).toList()
        : LongStream.rangeClosed(1, 4).mapToObj(this::input).toList();
  }

  private static Map<String, Tensor> sentence(long... ids) {
    Shape shape = Shape.of(1, ids.length);
    return Map.of(
        "input_ids",
        Tensor.ofLongs(shape, ids),
        "attention_mask",
        Tensor.ofLongs(shape, LongStream.of(ids).map(id -> 1).toArray()),
        "token_type_ids",
        Tensor.ofLongs(shape, new long[ids.length]));
  }

  /** Something that the model takes: dark strokes on light paper in [-1, 1], or word ids. */
  public Map<String, Tensor> input(long seed) {
    Random random = new Random(seed);
    if (this == SENTENCES) {
      return sentence(random.longs(12, 1000, 30000).toArray());
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
