package dev.tare.jobs.evaluate;

import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.LabelQuality;
import dev.tare.jobs.model.ModelHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;

/**
 * Measures the float and the quantized model by labels of the samples.
 *
 * <p>Law: the figures are a function of the multiset of samples and labels, for any order and any
 * partitions: samples run one at a time, and are measured in the order of hash and label. Costs one
 * run of both models over the samples.
 */
final class LabelJob {

  private final SparkSession spark;
  private final LabelOptions options;

  LabelJob(SparkSession spark, LabelOptions options) {
    this.spark = spark;
    this.options = options;
  }

  /**
   * Checks the labels, runs both models, and measures.
   *
   * @param samples rows with hash, sample, file and row, and the label if there are labels
   * @param classes as in {@code --classes}
   * @throws TareException (bad input) if a sample has no label, or its label is no class; (usage)
   *     if no output can be compared with labels
   */
  LabelQuality run(ModelHandle model, ModelHandle quantized, Dataset<Row> samples, String classes) {
    LabelledOutput output =
        LabelledOutput.of(model, ComparedOutputs.of(model, quantized).numbers(), classes, options);
    Labels labels = new Labels(options.column().orElse(""), options.names());
    boolean labelled = options.column().isPresent();
    if (labelled) {
      SparkJobs.describe(spark, "evaluate: check labels");
      labels.requireAll(samples.select("label", "file", "row").collectAsList());
    }
    SparkJobs.describe(spark, "evaluate: float and quantized model by labels");
    List<Row> rows =
        new ArrayList<>(
            samples
                .withColumn(
                    "label",
                    labelled
                        ? functions.col("label")
                        : functions.lit("").cast(DataTypes.StringType))
                .select("hash", "label", "file", "row", "sample")
                .repartition(SparkJobs.parallelism(spark), functions.col("hash"))
                .mapPartitions(
                    new LabelTask(model, quantized, output, SparkJobs.taskCpus(spark)),
                    Encoders.row(LabelTask.SCHEMA))
                .collectAsList());
    SparkJobs.describe(spark, null);
    rows.sort(
        Comparator.comparing((Row r) -> r.<byte[]>getAs("hash"), Arrays::compareUnsigned)
            .thenComparing((Row r) -> r.<String>getAs("label")));
    if (rows.isEmpty()) {
      throw TareException.badInput("There is no sample to evaluate on");
    }
    return switch (output.kind()) {
      case CLASSES -> ofClasses(output, labels, rows);
      case STRING -> ofStrings(output, labels, rows);
      case TOKENS, VECTOR -> ofNeighbours(output, rows);
    };
  }

  private LabelQuality ofStrings(LabelledOutput output, Labels labels, List<Row> rows) {
    long classes = rows.get(0).<Long>getAs("classes");
    if (output.blank() >= classes) {
      throw TareException.badInput(
          "--ctc-blank %d is no class of output '%s', which has the classes 0 to %d"
              .formatted(output.blank(), output.name(), classes - 1));
    }
    boolean labelled = options.column().isPresent();
    if (labelled) {
      labels.requireNames(output.name(), classes);
    }
    return new LabelQuality(
        options.column(),
        output.name(),
        rows.size(),
        LabelMeasures.ofStrings(
            hashes(rows),
            labelled ? rows.stream().map(row -> row.<String>getAs("label")).toList() : List.of(),
            strings(labels, rows, "string"),
            strings(labels, rows, "string_quantized")));
  }

  private static List<String> strings(Labels labels, List<Row> rows, String name) {
    return rows.stream()
        .map(row -> labels.text(row.<Integer>getList(row.fieldIndex(name))))
        .toList();
  }

  private LabelQuality ofClasses(LabelledOutput output, Labels labels, List<Row> rows) {
    int classes = classes(output, rows);
    int[] known = labels.classes(output.name(), classes, rows);
    return new LabelQuality(
        options.column(),
        output.name(),
        rows.size(),
        LabelMeasures.ofClasses(
            hashes(rows), classes, known, ints(rows, "answer"), ints(rows, "answer_quantized")));
  }

  /** The number of classes, the same for every sample, each of which has one answer. */
  private static int classes(LabelledOutput output, List<Row> rows) {
    long classes = rows.get(0).<Long>getAs("classes");
    for (Row row : rows) {
      long answers = row.<Long>getAs("answers");
      if (answers != 1 || row.<Long>getAs("classes") != classes || classes < 2) {
        throw TareException.badInput(
            "Output '%s' gives %d answers among %d classes for %s; labels need one answer among at least 2 for each sample. --classes names another output"
                .formatted(output.name(), answers, row.<Long>getAs("classes"), Labels.place(row)));
      }
    }
    return Math.toIntExact(classes);
  }

  private LabelQuality ofNeighbours(LabelledOutput output, List<Row> rows) {
    if (rows.size() < 2) {
      throw TareException.badInput(
          "Labels of nearest neighbours need at least 2 samples; there is " + rows.size());
    }
    List<Row> some = rows.subList(0, Math.min(rows.size(), Summary.MAX_NEIGHBOUR_SAMPLES));
    return new LabelQuality(
        options.column(),
        output.name(),
        some.size(),
        LabelMeasures.ofNeighbours(
            hashes(some),
            some.stream().map(row -> row.<String>getAs("label")).toList(),
            Summary.vectors(some, "vector"),
            Summary.vectors(some, "vector_quantized")));
  }

  private static List<String> hashes(List<Row> rows) {
    return rows.stream().map(row -> HexFormat.of().formatHex(row.<byte[]>getAs("hash"))).toList();
  }

  private static int[] ints(List<Row> rows, String name) {
    return rows.stream().mapToInt(row -> row.<Integer>getAs(name)).toArray();
  }
}
