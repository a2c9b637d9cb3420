package dev.tare.jobs.calibrate;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.demo.WordNetDefinitions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** WordNet's definitions as inputs of MiniLM. */
final class BenchmarkSamples {

  private static final int TOKENS = 128;
  private static final long SEED = 1;

  private BenchmarkSamples() {}

  /** Samples of exactly 128 tokens: definitions one after another, cut where the length ends. */
  static List<Sample> joined(Path assets, int count) throws IOException {
    List<Sample> samples = new ArrayList<>();
    try (HuggingFaceTokenizer tokenizer = tokenizer(assets)) {
      long[] tokens = new long[TOKENS];
      int filled = 1;
      for (String definition : shuffled(assets)) {
        long[] ids = tokenizer.encode(definition).getIds();
        tokens[0] = ids[0];
        int taken = Math.min(ids.length - 2, TOKENS - 1 - filled);
        System.arraycopy(ids, 1, tokens, filled, taken);
        filled += taken;
        if (filled == TOKENS - 1) {
          tokens[filled] = ids[ids.length - 1];
          samples.add(sample(tokens));
          filled = 1;
        }
        if (samples.size() == count) {
          break;
        }
      }
    }
    return samples;
  }

  /** One sample for each definition, at its natural length. */
  static List<Sample> definitions(Path assets, int count) throws IOException {
    try (HuggingFaceTokenizer tokenizer = tokenizer(assets)) {
      return shuffled(assets).stream()
          .limit(count)
          .map(definition -> sample(tokenizer.encode(definition).getIds()))
          .toList();
    }
  }

  private static List<String> shuffled(Path assets) throws IOException {
    List<String> definitions =
        WordNetDefinitions.read(assets.resolve("net/sf/extjwnl/data/wordnet/wn31"));
    Collections.shuffle(definitions, new Random(SEED));
    return definitions;
  }

  private static HuggingFaceTokenizer tokenizer(Path assets) throws IOException {
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("RUST_FLAVOR", "cpu");
    Map<String, String> options = Map.of("padding", "do_not_pad", "maxLength", "512");
    try (InputStream in = Files.newInputStream(assets.resolve("all-minilm-l6-v2-tokenizer.json"))) {
      return HuggingFaceTokenizer.newInstance(in, options);
    }
  }

  static Sample sample(long[] ids) {
    long[] ones = new long[ids.length];
    Arrays.fill(ones, 1);
    Shape shape = Shape.of(ids.length);
    return Sample.of(
        Map.of(
            "input_ids", Tensor.ofLongs(shape, ids),
            "attention_mask", Tensor.ofLongs(shape, ones),
            "token_type_ids", Tensor.ofLongs(shape, new long[ids.length])));
  }
}
