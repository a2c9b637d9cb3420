package dev.tare.jobs.law;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.StatisticsCollector;
import dev.tare.engine.infer.lite.LiteRuntime;
import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.model.ObservableTensor;
import dev.tare.engine.model.Observation;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.onnx.ExposedOutputs;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.model.OnnxFloatModel;
import dev.tare.engine.statistics.ContentHash;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.engine.tflite.model.LiteFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** Calibration without Spark: a loop over samples, what the pipeline must agree with. */
public final class EngineAlone {

  private EngineAlone() {}

  public static List<Sample> tokenize(List<String> texts) throws IOException {
    List<Sample> samples = new ArrayList<>();
    try (HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.builder()
            .optTokenizerPath(MiniLm.tokenizer())
            .optPadding(false)
            .optTruncation(true)
            .optMaxLength(MiniLm.MAX_LENGTH)
            .build()) {
      for (String text : texts) {
        Encoding encoding = tokenizer.encode(text);
        samples.add(sample(encoding.getIds(), encoding.getAttentionMask(), 0));
      }
    }
    return samples;
  }

  /** A sample of token ids, followed by padding. */
  static Sample sample(long[] ids, long[] mask, int padding) {
    Shape shape = Shape.of(ids.length + padding);
    return Sample.of(
        Map.of(
            "input_ids", Tensor.ofLongs(shape, java.util.Arrays.copyOf(ids, ids.length + padding)),
            "attention_mask",
                Tensor.ofLongs(shape, java.util.Arrays.copyOf(mask, mask.length + padding)),
            "token_type_ids", Tensor.ofLongs(shape, new long[ids.length + padding])));
  }

  /** The content hash of the default observed set over samples, in their order. */
  static String contentSha256(List<Sample> samples, Path temporary, int batchSize)
      throws IOException {
    OnnxModel model = OnnxModel.read(MiniLm.model());
    SortedMap<String, ObserverOptions> observed =
        observed(Observation.CONSTANT_WEIGHT_INPUTS, OnnxFloatModel.of(model));
    Path exposed = temporary.resolve("exposed.onnx");
    Files.write(exposed, ExposedOutputs.expose(model, observed.keySet()).toByteArray());
    try (Session inference = OrtRuntime.INSTANCE.open(exposed, InferenceOptions.of(1))) {
      return hash(inference, observed, samples, batchSize);
    }
  }

  /** The content hash of all that a network for TensorFlow Lite computes from samples. */
  public static String contentSha256(Path lite, List<Sample> samples, Path temporary, int batchSize)
      throws IOException {
    FloatModel model =
        LiteFormat.INSTANCE.read(lite, "exposed.tflite").withDataIn(temporary).prepared();
    SortedMap<String, ObserverOptions> observed = observed(Observation.ALL, model);
    ModelFile exposed =
        model.exposing(new TreeSet<>(observed.keySet())).writeLocal(temporary, temporary);
    try (Session inference = LiteRuntime.INSTANCE.open(exposed, InferenceOptions.of(1))) {
      return hash(inference, observed, samples, batchSize);
    }
  }

  private static SortedMap<String, ObserverOptions> observed(String what, FloatModel model) {
    SortedMap<String, ObserverOptions> observed = new TreeMap<>();
    for (ObservableTensor tensor : Observation.resolve(what, model)) {
      observed.put(
          tensor.name(),
          tensor.channelAxis().isEmpty()
              ? ObserverOptions.ofWhole()
              : ObserverOptions.ofChannels(ChannelMode.HISTOGRAM, tensor.channelAxis().getAsInt()));
    }
    return observed;
  }

  private static String hash(
      Session inference,
      SortedMap<String, ObserverOptions> observed,
      List<Sample> samples,
      int batchSize) {
    ContentHash hash = new ContentHash();
    StatisticsCollector collector = new StatisticsCollector(inference, observed, batchSize);
    samples.forEach(collector::add);
    for (TensorStatistics statistics : collector.finish()) {
      statistics.toBlocks().forEach(hash::add);
    }
    return hash.sha256Hex();
  }
}
