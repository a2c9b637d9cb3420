package dev.tare.jobs.sql;

import dev.tare.jobs.artifact.ChannelQuality;
import dev.tare.jobs.artifact.Interval;
import dev.tare.jobs.artifact.LabelQuality;
import dev.tare.jobs.artifact.OutputFacts;
import dev.tare.jobs.artifact.Quality;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** An evaluation as rows, one for each vector that was compared. */
final class QualityRows {

  /** What a task needs: accuracy, F1, neighbours or strings, of both models on the same samples. */
  private static final StructType MEASURE =
      new StructType()
          .add("measure", DataTypes.StringType, false)
          .add("label_column", DataTypes.StringType, true)
          .add("samples", DataTypes.LongType, false)
          .add("of_float", DataTypes.DoubleType, true)
          .add("of_quantized", DataTypes.DoubleType, true)
          .add("difference", DataTypes.DoubleType, true)
          .add("difference_low", DataTypes.DoubleType, true)
          .add("difference_high", DataTypes.DoubleType, true)
          .add("apart", DataTypes.BooleanType, false);

  /** The columns behind the facts of the run. */
  static final StructType COLUMNS =
      new StructType()
          .add("output", DataTypes.StringType, true)
          .add("vector", DataTypes.StringType, true)
          .add("samples", DataTypes.LongType, true)
          .add("gate", DataTypes.StringType, true)
          .add("sqnr_db", DataTypes.DoubleType, true)
          .add("cosine_mean", DataTypes.DoubleType, true)
          .add("cosine_min", DataTypes.DoubleType, true)
          .add("cosine_p1", DataTypes.DoubleType, true)
          .add("cosine_p5", DataTypes.DoubleType, true)
          .add("cosine_p25", DataTypes.DoubleType, true)
          .add("cosine_p50", DataTypes.DoubleType, true)
          .add("argmax_agreement", DataTypes.DoubleType, true)
          .add("nearest_neighbour_agreement", DataTypes.DoubleType, true)
          .add("quantized_time_over_float", DataTypes.DoubleType, true)
          .add("classes", DataTypes.BooleanType, true)
          .add("labels_equal", DataTypes.DoubleType, true)
          .add("largest_error", DataTypes.DoubleType, true)
          .add("worst_channel", DataTypes.LongType, true)
          .add("worst_channel_axis", DataTypes.LongType, true)
          .add("worst_channel_sqnr_db", DataTypes.DoubleType, true)
          .add("measures", DataTypes.createArrayType(MEASURE, false), true);

  private QualityRows() {}

  /** Values of {@link #COLUMNS} by vector, in the order of the evaluation. */
  static List<Object[]> of(Quality quality) {
    Optional<Quality.OutputQuality> labelled =
        quality.labels().flatMap(labels -> labelled(quality, labels));
    return quality.outputs().stream()
        .map(
            output ->
                values(
                    quality,
                    output,
                    labelled.filter(each -> each.equals(output)).flatMap(each -> quality.labels())))
        .toList();
  }

  /** The vector that labels measured: of an embedding the pooled one. */
  private static Optional<Quality.OutputQuality> labelled(Quality quality, LabelQuality labels) {
    return Quality.headline(
        quality.outputs().stream().filter(each -> each.name().equals(labels.output())).toList());
  }

  private static Object[] values(
      Quality quality, Quality.OutputQuality output, Optional<LabelQuality> labels) {
    Optional<ChannelQuality> worst = output.worstChannel();
    return new Object[] {
      InternalRows.text(output.name()),
      InternalRows.text(output.vector()),
      quality.samples(),
      InternalRows.text(quality.gate().outcome()),
      InternalRows.number(output.sqnrDb()),
      InternalRows.number(output.cosineMean()),
      InternalRows.number(output.cosineMin()),
      percentile(output, 1),
      percentile(output, 5),
      percentile(output, 25),
      percentile(output, 50),
      output.argmaxAgreement().orElse(null),
      quality.nearestNeighbour().orElse(null),
      InternalRows.number(quality.timeRatio()),
      output.facts().map(OutputFacts::classes).orElse(null),
      output.labelsEqual().orElse(null),
      output.facts().map(facts -> InternalRows.number(facts.largestError())).orElse(null),
      worst.map(channel -> (long) channel.worst()).orElse(null),
      worst.map(channel -> (long) channel.axis()).orElse(null),
      worst.map(channel -> InternalRows.number(channel.worstSqnrDb())).orElse(null),
      labels.map(QualityRows::measures).orElse(null)
    };
  }

  private static Double percentile(Quality.OutputQuality output, int percentile) {
    return InternalRows.number(output.cosinePercentiles().getOrDefault(percentile, Double.NaN));
  }

  private static GenericArrayData measures(LabelQuality labels) {
    return new GenericArrayData(
        labels.measures().stream().map(measure -> measure(labels, measure)).toArray());
  }

  private static Object measure(LabelQuality labels, LabelQuality.Measure measure) {
    return InternalRows.row(
        InternalRows.text(measure.name()),
        labels.column().map(InternalRows::text).orElse(null),
        labels.samples(),
        InternalRows.number(measure.ofFloat()),
        InternalRows.number(measure.ofQuantized()),
        InternalRows.number(measure.ofQuantized() - measure.ofFloat()),
        measure.difference().map(Interval::low).orElse(null),
        measure.difference().map(Interval::high).orElse(null),
        measure.apart());
  }
}
