package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.artifact.Interval;
import dev.tare.jobs.artifact.LabelQuality;
import dev.tare.jobs.artifact.LabelQuality.Measure;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LabelMeasuresTest {

  private static List<String> hashes(int n) {
    Random random = new Random(n);
    List<String> hashes = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      hashes.add("%016x%048x".formatted(random.nextLong(), i));
    }
    return hashes;
  }

  /** Figures of scikit-learn's f1_score, average macro, for the same vectors. */
  @Test
  void macroF1LeavesOutClassesThatAreNeitherLabelNorAnswer() {
    int[] labels = {0, 0, 1, 1, 4};
    Measure f1 =
        LabelMeasures.ofClasses(
                hashes(5), 6, labels, new int[] {0, 0, 1, 1, 4}, new int[] {0, 1, 1, 2, -1})
            .get(1);
    assertThat(f1.name()).isEqualTo("macro F1");
    assertThat(f1.ofFloat()).isEqualTo(1);
    // Classes 0: 2/3, 1: 2/4, 2: 0 of one answer, 4: 0 of one label.
    assertThat(f1.ofQuantized()).isCloseTo((2 / 3.0 + .5) / 4, within(1e-15));
    assertThat(f1.difference().orElseThrow().high()).isLessThanOrEqualTo(0);
  }

  @Test
  void modelsAreToldApartOnceTheSamplesAreEnough() {
    for (int n : new int[] {4, 60}) {
      int[] labels = new int[n];
      int[] answers = new int[n];
      for (int i = 0; i < n; i++) {
        labels[i] = i % 3;
        answers[i] = i % 4 == 0 ? (i + 1) % 3 : labels[i];
      }
      List<Measure> measures = LabelMeasures.ofClasses(hashes(n), 3, labels, labels, answers);
      for (Measure measure : measures) {
        assertThat(measure.apart()).as("%s of %d", measure.name(), n).isEqualTo(n == 60);
        Interval interval = measure.difference().orElseThrow();
        assertThat(interval.contains(measure.ofQuantized() - measure.ofFloat())).isTrue();
      }
      String words = new LabelQuality(Optional.of("kind"), "y", n, measures).words(measures.get(0));
      assertThat(words).startsWith("accuracy 1.0000 float, 0.7500 quantized; difference -0.2500 (");
      assertThat(words.endsWith(": cannot be told apart on 4 samples")).isEqualTo(n == 4);
    }
  }

  @Test
  void aSingleSampleHasNoInterval() {
    List<Measure> one =
        LabelMeasures.ofClasses(hashes(1), 2, new int[] {1}, new int[] {1}, new int[] {0});
    assertThat(one).extracting(Measure::ofQuantized).containsExactly(0., 0.);
    assertThat(one).extracting(Measure::apart).containsOnly(false);
  }

  @Test
  void anAnswerIsTheFirstOfTheLargestAndNoneWhereOneIsNotANumber() {
    assertThat(LabelTask.answer(new float[] {1, 3, 3})).isEqualTo(1);
    assertThat(LabelTask.answer(new float[] {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY}))
        .isZero();
    assertThat(LabelTask.answer(new float[] {1, Float.NaN})).isEqualTo(-1);
  }

  @Test
  void repeatsAreOneCharacterUnlessABlankIsBetween() {
    LabelledOutput output = new LabelledOutput("y", LabelledOutput.Kind.STRING, 0);
    int[] steps = {0, 1, 1, 0, 1, 2, 2, 0, 0, 1};
    float[] numbers = new float[3 * steps.length];
    for (int i = 0; i < steps.length; i++) {
      numbers[3 * i + steps[i]] = 1;
    }
    SampleOutput sample = SampleOutput.ofNumbers(Shape.of(steps.length, 3), numbers);
    assertThat(output.string(sample, 3)).containsExactly(1, 1, 2, 1);
    assertThat(new LabelledOutput("y", LabelledOutput.Kind.STRING, 2).string(sample, 3))
        .containsExactly(0, 1, 0, 1, 0, 1);
  }

  @Test
  void tokensArePooledAndVectorsAreNot() {
    SampleOutput tokens = SampleOutput.ofNumbers(Shape.of(2, 2), 3, 0, 3, 8);
    assertThat(new LabelledOutput("t", LabelledOutput.Kind.TOKENS).vector(tokens))
        .containsExactly(.6f, .8f);
    SampleOutput image = SampleOutput.ofNumbers(Shape.of(2, 1, 1), 3, 4);
    assertThat(new LabelledOutput("v", LabelledOutput.Kind.VECTOR).vector(image))
        .containsExactly(.6f, .8f);
  }
}
