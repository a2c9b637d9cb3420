package dev.tare.jobs.evaluate;

import dev.tare.engine.quant.QuantError;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.artifact.ChannelQuality;
import dev.tare.jobs.artifact.OutputFacts;
import dev.tare.jobs.artifact.Quality;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.sql.Row;

/** Computes figures from rows of {@link EvaluateTask}; sums run in the order of samples' hashes. */
final class Summary {

  /** Neighbours cost the square of their number. */
  static final int MAX_NEIGHBOUR_SAMPLES = 2048;

  private static final int[] PERCENTILES = {1, 5, 25, 50};

  private final ComparedOutputs compared;
  private final ClassOutputs classes;
  private final List<String> embeddings;
  private final List<Row> rows;
  private final List<Row> channels;

  /** Outputs with an axis of too many channels to measure, as they are found. */
  private final Set<String> unmeasured = new TreeSet<>();

  Summary(ComparedOutputs compared, ClassOutputs classes, List<String> embeddings, List<Row> rows) {
    this.compared = compared;
    this.classes = classes;
    this.embeddings = embeddings;
    // Sorted here: a sort by Spark would run both models a second time to sample its bounds.
    this.rows = new ArrayList<>(rows);
    this.rows.removeIf(Summary::ofChannels);
    this.rows.sort(
        Comparator.comparing((Row r) -> r.<byte[]>getAs("hash"), Arrays::compareUnsigned)
            .thenComparing((Row r) -> r.<String>getAs("output")));
    this.channels = rows.stream().filter(Summary::ofChannels).toList();
  }

  private static boolean ofChannels(Row row) {
    return row.getAs("channels") != null;
  }

  /**
   * Returns the figures.
   *
   * @param heldOut how the samples were kept apart from calibration
   */
  Quality quality(Gate gate, String heldOut) {
    List<Quality.OutputQuality> qualities = new ArrayList<>();
    Optional<Double> nearest = Optional.empty();
    int neighbours = 0;
    for (String output : compared.names()) {
      List<Row> own = rows.stream().filter(r -> r.getAs("output").equals(output)).toList();
      qualities.add(ofOutput(output, own));
      List<Row> pooled = own.stream().filter(r -> r.getAs("embedding") != null).toList();
      if (embeddings.contains(output) && !pooled.isEmpty()) {
        float[][] reference = vectors(pooled, "embedding");
        float[][] other = vectors(pooled, "embedding_quantized");
        qualities.add(ofEmbedding(output, pooled, reference, other));
        neighbours = Math.min(reference.length, MAX_NEIGHBOUR_SAMPLES);
        nearest =
            Optional.of(
                Embedding.sameNearest(
                    Arrays.copyOf(reference, neighbours), Arrays.copyOf(other, neighbours)));
      }
    }
    SortedSet<String> cpus = new TreeSet<>();
    rows.forEach(row -> cpus.add(row.getAs("cpu")));
    long samples = rows.size() / compared.names().size();
    return new Quality(
        samples,
        heldOut,
        qualities,
        nearest,
        neighbours,
        (double) sum(rows, "quantized_nanos") / Math.max(1, sum(rows, "float_nanos")),
        cpus,
        gate.check(qualities, unmeasured),
        QualityWarnings.of(qualities, compared.others(), samples),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private Quality.OutputQuality ofOutput(String output, List<Row> rows) {
    QuantError total = QuantError.NONE;
    List<OneSample> samples = new ArrayList<>();
    for (Row row : rows) {
      QuantError error =
          new QuantError(
              row.<Long>getAs("count"),
              row.<Double>getAs("signal"),
              row.<Double>getAs("other"),
              row.<Double>getAs("product"),
              row.<Double>getAs("noise"));
      total = total.plus(error);
      if (error.count() > 0) {
        samples.add(
            new OneSample(
                sample(row),
                error,
                row.getList(row.fieldIndex("floats")),
                row.getList(row.fieldIndex("quantized_values"))));
      }
    }
    long positions = sum(rows, "positions");
    return quality(
        output,
        false,
        total.sqnrDb(),
        samples,
        positions == 0 ? Optional.empty() : Optional.of((double) sum(rows, "same") / positions),
        Optional.of(facts(output, rows, total)));
  }

  private OutputFacts facts(String output, List<Row> rows, QuantError total) {
    ChannelSums last = merged(output, -1);
    ChannelSums second = merged(output, 1);
    List<ChannelQuality> axes = new ArrayList<>();
    last.quality().ifPresent(axes::add);
    second.quality().ifPresent(axes::add);
    if (last.tooMany() || second.tooMany()) {
      unmeasured.add(output);
    }
    long shapes = rows.stream().filter(r -> !r.<Boolean>getAs("same_shape")).count();
    long compared = rows.stream().filter(r -> r.<Long>getAs("count") > 0).count();
    boolean labels = this.compared.labels(output);
    long positions = sum(rows, "positions");
    long width = positions == 0 ? 0 : sum(rows, "values", r -> r.getAs("same_shape")) / positions;
    return new OutputFacts(
        compared == 0
            ? Double.NaN
            : rows.stream().mapToDouble(r -> r.<Double>getAs("largest_error")).max().orElse(0),
        !labels && classes.has(output, width),
        labels ? Optional.of(total.product() / total.count()) : Optional.empty(),
        !labels && compared > 0 && rows.stream().allMatch(r -> r.<Long>getAs("values") <= 1),
        shapes,
        rows.size() - shapes - compared,
        sum(rows, "equal_non_finite"),
        sum(rows, "different_non_finite"),
        axes);
  }

  private ChannelSums merged(String output, int axis) {
    ChannelSums all = new ChannelSums(axis < 0);
    for (Row row : channels) {
      if (row.getAs("output").equals(output)) {
        ChannelSums part = ChannelSums.decode(row.getAs("channels"));
        if (part.axis() == axis) {
          all.add(part);
        }
      }
    }
    return all;
  }

  private Quality.OutputQuality ofEmbedding(
      String output, List<Row> rows, float[][] reference, float[][] other) {
    QuantError total = QuantError.NONE;
    List<OneSample> samples = new ArrayList<>();
    for (int i = 0; i < reference.length; i++) {
      Shape shape = Shape.of(reference[i].length);
      QuantError error = SampleComparison.of(reference[i], other[i], shape).error();
      if (error.count() == 0) {
        continue;
      }
      total = total.plus(error);
      int[] places = OneSample.places(rows.get(i).getAs("hash"), reference[i].length);
      samples.add(
          new OneSample(
              sample(rows.get(i)), error, at(reference[i], places), at(other[i], places)));
    }
    return quality(output, true, total.sqnrDb(), samples, Optional.empty(), Optional.empty());
  }

  private static String sample(Row row) {
    return HexFormat.of().formatHex(row.getAs("hash"));
  }

  private static List<Float> at(float[] values, int[] places) {
    return Arrays.stream(places).mapToObj(place -> values[place]).toList();
  }

  private static Quality.OutputQuality quality(
      String output,
      boolean pooled,
      double sqnrDb,
      List<OneSample> samples,
      Optional<Double> argmax,
      Optional<OutputFacts> facts) {
    double[] cosines = samples.stream().mapToDouble(one -> one.error().cosine()).toArray();
    double sum = 0;
    for (double cosine : cosines) {
      sum += cosine;
    }
    double[] sorted = cosines.clone();
    Arrays.sort(sorted);
    SortedMap<Integer, Double> percentiles = new TreeMap<>();
    for (int p : PERCENTILES) {
      int rank = (int) Math.ceil(p / 100.0 * sorted.length);
      percentiles.put(p, sorted.length == 0 ? Double.NaN : sorted[Math.max(0, rank - 1)]);
    }
    return new Quality.OutputQuality(
        output,
        pooled,
        sqnrDb,
        sum / cosines.length,
        sorted.length == 0 ? Double.NaN : sorted[0],
        percentiles,
        argmax,
        OneSample.together(samples),
        facts);
  }

  private static long sum(List<Row> rows, String column) {
    return rows.stream().mapToLong(r -> r.<Long>getAs(column)).sum();
  }

  private static long sum(List<Row> rows, String column, java.util.function.Predicate<Row> which) {
    return rows.stream().filter(which).mapToLong(r -> r.<Long>getAs(column)).sum();
  }

  static float[][] vectors(List<Row> rows, String column) {
    float[][] vectors = new float[rows.size()][];
    for (int i = 0; i < vectors.length; i++) {
      List<Float> values = rows.get(i).getList(rows.get(i).fieldIndex(column));
      vectors[i] = new float[values.size()];
      for (int k = 0; k < vectors[i].length; k++) {
        vectors[i][k] = values.get(k);
      }
    }
    return vectors;
  }
}
