package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.model.WritableModel;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.artifact.Sensitivity;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.Sessions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.io.FileUtils;

/**
 * Runs variants of a model over the same samples, one at a time in their order, so that scores are
 * equal to the bit wherever they are computed.
 *
 * @param model the float model
 * @param output the output that is judged
 * @param pooled whether its mean over tokens is
 * @param samples encoded
 * @param threads of each model
 */
record VariantRuns(
    ModelHandle model, String output, boolean pooled, List<byte[]> samples, int threads) {

  /** Writes a variant into a temporary folder and runs it. */
  List<SampleOutput> of(WritableModel variant) {
    try {
      Path folder = Files.createTempDirectory("tare-variant");
      try {
        return of(variant.writeLocal(folder, model.path().getParent()));
      } finally {
        FileUtils.deleteDirectory(folder.toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write a variant of " + model.ref().uri(), e);
    }
  }

  /** The judged vector of every sample, one at a time: other shapes would only hide noise. */
  List<SampleOutput> of(ModelFile file) {
    List<SampleOutput> vectors = new ArrayList<>();
    try (Session inference = Sessions.open(file, InferenceOptions.of(threads))) {
      Runner runner = inference.comparing(List.of(output));
      for (byte[] sample : samples) {
        SampleOutput own =
            BatchOutputs.of(runner, List.of(Sample.decode(sample))).sample(output, 0);
        vectors.add(pooled ? pooled(own) : own);
      }
    }
    return vectors;
  }

  private static SampleOutput pooled(SampleOutput tokens) {
    float[] vector = Embedding.pool(tokens.numbers(), tokens.shape());
    return SampleOutput.ofNumbers(Shape.of(vector.length), vector);
  }

  /** The error of each sample; of no values where there is nothing to compare. */
  static List<QuantError> errors(List<SampleOutput> expected, List<SampleOutput> actual) {
    return IntStream.range(0, expected.size())
        .mapToObj(i -> SampleComparison.of(expected.get(i), actual.get(i)).error())
        .toList();
  }

  /** Samples without a value to compare, or of another shape, are left out. */
  static Sensitivity.Score score(List<QuantError> errors) {
    QuantError total = QuantError.NONE;
    double cosines = 0;
    int compared = 0;
    for (QuantError error : errors) {
      if (error.count() > 0) {
        total = total.plus(error);
        cosines += error.cosine();
        compared++;
      }
    }
    return new Sensitivity.Score(total.sqnrDb(), cosines / compared);
  }
}
