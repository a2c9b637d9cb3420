package dev.tare.engine.checkpoint;

import dev.tare.engine.gguf.GgufException;
import dev.tare.engine.gguf.GgufFile;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Sums of squares of the inputs of linear layers, by columns, and how many inputs there were:
 * llama.cpp's importance file ({@code imatrix.gguf}, its tools/imatrix), whose tensors are {@code
 * NAME.in_sum2} [columns, experts] and {@code NAME.counts} [1, experts]. Files add up, as they do
 * there. Not thread-safe.
 */
public final class ImportanceSums {

  private static final String TYPE_KEY = "general.type";
  private static final String TYPE = "imatrix";
  private static final String SUMS = ".in_sum2";
  private static final String COUNTS = ".counts";

  /** Of one tensor: sums of all experts, one after the other, and a count for each. */
  private static final class Sums {
    private final double[] squares;
    private final double[] counts;

    Sums(double[] squares, double[] counts) {
      this.squares = squares;
      this.counts = counts;
    }

    int columns() {
      return squares.length / counts.length;
    }
  }

  private final SortedMap<String, Sums> all = new TreeMap<>();

  /**
   * Adds what a file has.
   *
   * @param file its name in errors
   * @throws GgufException if it is no importance file, lacks a part, or has sums or counts that are
   *     negative or not finite, or sizes that others have not
   */
  public void add(GgufFile content, String file) {
    if (!content.text(TYPE_KEY).equals(Optional.of(TYPE))) {
      throw new GgufException(
          file,
          "its %s is %s, not %s: llama-imatrix writes such files"
              .formatted(TYPE_KEY, content.text(TYPE_KEY).orElse("missing"), TYPE));
    }
    SortedMap<String, List<Long>> tensors = content.tensors();
    SortedMap<String, Sums> own = new TreeMap<>();
    for (Map.Entry<String, List<Long>> each : tensors.entrySet()) {
      if (each.getKey().endsWith(SUMS)) {
        String name = each.getKey().substring(0, each.getKey().length() - SUMS.length());
        own.put(name, sums(content, file, name, each.getValue()));
      }
    }
    if (own.isEmpty()) {
      throw new GgufException(file, "it has no tensor called NAME" + SUMS);
    }
    own.forEach((name, sums) -> all.merge(name, sums, (a, b) -> added(a, b, name, file)));
  }

  private static Sums sums(GgufFile content, String file, String name, List<Long> dims) {
    List<Long> counted = content.tensors().get(name + COUNTS);
    if (counted == null) {
      throw new GgufException(file, "it has '%s' without '%s'".formatted(name + SUMS, COUNTS));
    }
    double[] squares = checked(content, file, name + SUMS);
    double[] counts = checked(content, file, name + COUNTS);
    if (dims.size() > 2
        || counts.length != (dims.size() == 2 ? dims.get(1) : 1)
        || squares.length % counts.length != 0) {
      throw new GgufException(
          file,
          "'%s' has sizes %s and '%s' has %s".formatted(name + SUMS, dims, name + COUNTS, counted));
    }
    return new Sums(squares, counts);
  }

  private static double[] checked(GgufFile content, String file, String tensor) {
    float[] values = content.floats(tensor);
    double[] checked = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      if (!(values[i] >= 0) || Float.isInfinite(values[i])) {
        throw new GgufException(file, "'%s' has the value %s".formatted(tensor, values[i]));
      }
      checked[i] = values[i];
    }
    return checked;
  }

  private static Sums added(Sums one, Sums other, String name, String file) {
    if (one.squares.length != other.squares.length || one.counts.length != other.counts.length) {
      throw new GgufException(
          file,
          "'%s' has %d columns, and %d in another file"
              .formatted(name, other.columns(), one.columns()));
    }
    return new Sums(added(one.squares, other.squares), added(one.counts, other.counts));
  }

  private static double[] added(double[] one, double[] other) {
    double[] sum = one.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += other[i];
    }
    return sum;
  }

  /**
   * The mean square of each input of a layer.
   *
   * @param weight name of the weight in the checkpoint
   * @param columns of the weight
   * @return empty if no file has it, or its inputs never came (an expert that was not chosen)
   * @throws IllegalArgumentException if the files have another number of columns
   */
  public Optional<float[]> of(String weight, long columns) {
    Optional<LlamaNames.Name> name = LlamaNames.of(weight);
    Sums sums = name.map(each -> all.get(each.tensor())).orElse(null);
    if (sums == null) {
      return Optional.empty();
    }
    int expert = name.get().expert().orElse(0);
    if (sums.columns() != columns || expert >= sums.counts.length) {
      throw new IllegalArgumentException(
          "Importance of '%s' is for %d columns and %d experts, and '%s' has %d columns"
              .formatted(name.get().tensor(), sums.columns(), sums.counts.length, weight, columns));
    }
    double count = sums.counts[expert];
    if (count == 0) {
      return Optional.empty();
    }
    float[] means = new float[sums.columns()];
    for (int i = 0; i < means.length; i++) {
      means[i] = (float) (sums.squares[expert * means.length + i] / count);
    }
    return Optional.of(means);
  }
}
