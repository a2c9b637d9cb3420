package dev.tare.jobs.table;

import dev.tare.engine.pass.Gptq;
import dev.tare.engine.pass.WeightedScales;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.statistics.GramMatrix;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.apache.spark.sql.Row;

/**
 * One Gram matrix and the weights that multiply what it is of. Not thread-safe; of one task.
 *
 * <p>Memory: of a matrix with K rows 16 bytes for each element.
 */
public final class GramSolver {

  /**
   * A weight.
   *
   * @param input what its products read
   * @param inputAxis axis over which they sum
   * @param plan its decision
   * @param bias takes up what its rounding does to the mean of results
   */
  public record Weight(String input, int inputAxis, TensorPlan plan, Optional<TensorPlan> bias) {

    /** Channels of the input that share scales. */
    private int block() {
      boolean along = plan.axis().isPresent() && plan.axis().getAsInt() == inputAxis;
      return along ? plan.granularity().blockSize().orElse(1) : 1;
    }
  }

  /** What weights have in common that one solution serves. */
  private record Shared(boolean centred, int block) {}

  private final GramMatrix gram;
  private final Map<String, List<Weight>> byInput;

  private GramSolver(GramMatrix gram, Map<String, List<Weight>> byInput) {
    this.gram = gram;
    this.byInput = byInput;
  }

  /**
   * Reads a group of {@link GramWeights#matrices}.
   *
   * @param matrix name of the matrix
   */
  public static GramSolver read(String matrix, Iterator<Row> rows) {
    Map<String, List<Weight>> byInput = new TreeMap<>();
    return new GramSolver(GramTable.matrix(matrix, noting(rows, byInput)), byInput);
  }

  private static Iterator<Row> noting(Iterator<Row> rows, Map<String, List<Weight>> byInput) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public Row next() {
        Row row = rows.next();
        if (!row.isNullAt(row.fieldIndex("plans"))) {
          weights(row).forEach(w -> byInput.computeIfAbsent(w.input(), i -> list()).add(w));
        }
        return row;
      }
    };
  }

  private static List<Weight> list() {
    return new ArrayList<>();
  }

  private static List<Weight> weights(Row row) {
    List<String> inputs = row.getList(row.fieldIndex("inputs"));
    List<Integer> axes = row.getList(row.fieldIndex("input_axes"));
    List<byte[]> plans = row.getList(row.fieldIndex("plans"));
    List<byte[]> biases = row.getList(row.fieldIndex("biases"));
    List<Weight> weights = new ArrayList<>();
    for (int i = 0; i < plans.size(); i++) {
      Optional<TensorPlan> bias =
          Optional.of(biases.get(i)).filter(bytes -> bytes.length > 0).map(PlanCodec::decode);
      weights.add(new Weight(inputs.get(i), axes.get(i), PlanCodec.decode(plans.get(i)), bias));
    }
    return weights;
  }

  /** Whether there is only the diagonal, which can choose scales but not round. */
  public boolean diagonal() {
    return gram.diagonal();
  }

  /**
   * Goes through the weights, by the inputs of their products, each with what finds its scales by
   * the diagonal.
   *
   * @param smoothed inputs whose channels have factors
   * @throws IllegalArgumentException if factors do not fit the matrix
   */
  public void scale(List<SmoothedInput> smoothed, BiConsumer<Weight, WeightedScales> consumer) {
    byInput.forEach(
        (input, weights) -> {
          WeightedScales scales =
              WeightedScales.of(gram, factors(smoothed, input), offsets(smoothed, input));
          weights.forEach(weight -> consumer.accept(weight, scales));
        });
  }

  /**
   * Goes through the weights, by the inputs of their products, each with what rounds it.
   *
   * @param smoothed inputs whose channels have factors
   * @param damping of {@link Gptq#of}
   * @throws IllegalArgumentException if the matrix cannot be inverted, or factors do not fit it
   */
  public void each(
      List<SmoothedInput> smoothed, double damping, BiConsumer<Weight, Gptq> consumer) {
    byInput.forEach(
        (input, weights) -> {
          Map<Shared, Gptq> solutions = new HashMap<>();
          for (Weight weight : weights) {
            Gptq gptq =
                solutions.computeIfAbsent(
                    new Shared(weight.bias().isPresent(), weight.block()),
                    own ->
                        Gptq.of(
                            gram,
                            factors(smoothed, input),
                            offsets(smoothed, input),
                            damping,
                            own.centred(),
                            own.block()));
            consumer.accept(weight, gptq);
          }
        });
  }

  /** The offsets of the matrix's rows; empty for none, as always for patches. */
  private static List<Float> offsets(List<SmoothedInput> smoothed, String input) {
    return smoothed.stream()
        .filter(own -> own.result().equals(input))
        .flatMap(own -> own.offsets().stream())
        .toList();
  }

  /**
   * The factors of the matrix's rows: those of an input's channels, in patches as often as they
   * have taps; empty for none.
   */
  private List<Float> factors(List<SmoothedInput> smoothed, String input) {
    List<Float> all = new ArrayList<>();
    int rows = gram.channels();
    smoothed.stream()
        .filter(own -> own.result().equals(input))
        .map(SmoothedInput::factors)
        .forEach(own -> own.forEach(f -> all.addAll(Collections.nCopies(rows / own.size(), f))));
    return all;
  }
}
