package dev.tare.jobs.evaluate;

import dev.tare.jobs.artifact.LabelQuality.Measure;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Measures of both models by labels, each with the interval of its difference. */
final class LabelMeasures {

  private LabelMeasures() {}

  /**
   * Accuracy and macro F1. The latter is the mean over the classes that are a label or an answer of
   * the model, as in scikit-learn's {@code f1_score}; a class without a right answer counts 0.
   *
   * @param samples hashes in their order, by which resamples are drawn
   * @param classes how many there are
   * @param labels classes of the samples
   * @param ofFloat the float model's answers; -1 for none
   * @param ofQuantized the quantized model's
   */
  static List<Measure> ofClasses(
      List<String> samples, int classes, int[] labels, int[] ofFloat, int[] ofQuantized) {
    int[] all = IntStream.range(0, labels.length).toArray();
    return List.of(
        shares("accuracy", samples, right(labels, ofFloat), right(labels, ofQuantized)),
        new Measure(
            "macro F1",
            macroF1(classes, labels, ofFloat, all),
            macroF1(classes, labels, ofQuantized, all),
            Bootstrap.of(
                samples,
                drawn ->
                    macroF1(classes, labels, ofQuantized, drawn)
                        - macroF1(classes, labels, ofFloat, drawn))));
  }

  /**
   * Share of samples whose nearest other sample by cosine has the same label. Resamples are drawn
   * of samples with their neighbours, which stay those of all.
   *
   * @param ofFloat the float model's vectors, of length 1
   */
  static List<Measure> ofNeighbours(
      List<String> samples, List<String> labels, float[][] ofFloat, float[][] ofQuantized) {
    return List.of(
        shares(
            "nearest neighbours of the same label",
            samples,
            sameAsNearest(labels, ofFloat),
            sameAsNearest(labels, ofQuantized)));
  }

  /**
   * Share of strings that are the float model's, and, with labels, of those that are the label.
   *
   * @param labels of the samples; empty without any
   * @param ofFloat the strings that the float model reads
   */
  static <T> List<Measure> ofStrings(
      List<String> samples, List<T> labels, List<T> ofFloat, List<T> ofQuantized) {
    List<Measure> measures = new ArrayList<>();
    if (!labels.isEmpty()) {
      measures.add(
          shares("strings as labelled", samples, same(labels, ofFloat), same(labels, ofQuantized)));
    }
    measures.add(
        shares(
            "strings as the float model's",
            samples,
            same(ofFloat, ofFloat),
            same(ofFloat, ofQuantized)));
    return measures;
  }

  private static <T> double[] same(List<T> some, List<T> others) {
    return IntStream.range(0, some.size())
        .mapToDouble(i -> some.get(i).equals(others.get(i)) ? 1 : 0)
        .toArray();
  }

  private static double[] right(int[] labels, int[] answers) {
    return IntStream.range(0, labels.length)
        .mapToDouble(i -> labels[i] == answers[i] ? 1 : 0)
        .toArray();
  }

  private static double[] sameAsNearest(List<String> labels, float[][] vectors) {
    return IntStream.range(0, vectors.length)
        .mapToDouble(i -> labels.get(i).equals(labels.get(Embedding.nearest(vectors, i))) ? 1 : 0)
        .toArray();
  }

  private static Measure shares(
      String name, List<String> samples, double[] ofFloat, double[] ofQuantized) {
    double[] differences = new double[ofFloat.length];
    for (int i = 0; i < differences.length; i++) {
      differences[i] = ofQuantized[i] - ofFloat[i];
    }
    return new Measure(
        name, mean(ofFloat), mean(ofQuantized), Bootstrap.mean(differences, samples));
  }

  private static double mean(double[] shares) {
    double sum = 0;
    for (double share : shares) {
      sum += share;
    }
    return sum / shares.length;
  }

  private static double macroF1(int classes, int[] labels, int[] answers, int[] which) {
    int[] right = new int[classes];
    int[] seen = new int[classes];
    for (int i : which) {
      seen[labels[i]]++;
      if (answers[i] >= 0) {
        seen[answers[i]]++;
        right[labels[i]] += labels[i] == answers[i] ? 1 : 0;
      }
    }
    double sum = 0;
    int present = 0;
    for (int c = 0; c < classes; c++) {
      if (seen[c] > 0) {
        sum += 2.0 * right[c] / seen[c];
        present++;
      }
    }
    return sum / present;
  }
}
