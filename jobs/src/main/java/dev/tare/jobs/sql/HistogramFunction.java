package dev.tare.jobs.sql;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.histogram.EvenBins;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The finite values counted in bins of equal width, for plotting: {@code histogram} of (statistics,
 * bins), from minimum to maximum, or of (statistics, bins, low, high).
 *
 * @param columns positions of the columns in the struct
 * @param hasEnds whether low and high are given
 */
record HistogramFunction(StatisticsColumns columns, boolean hasEnds) implements OfStatistics {

  private static final StructType BIN =
      new StructType()
          .add("lower", DataTypes.DoubleType, false)
          .add("upper", DataTypes.DoubleType, false)
          .add("count", DataTypes.LongType, false);

  @Override
  public Object value(InternalRow arguments) {
    Distribution distribution = columns.statistics(columns.struct(arguments, 0)).distribution();
    PublishedFunction.requireHistogram(distribution);
    int bins = arguments.getInt(1);
    List<EvenBins.Bin> even =
        hasEnds
            ? EvenBins.of(distribution, bins, arguments.getDouble(2), arguments.getDouble(3))
            : EvenBins.of(distribution, bins);
    return new GenericArrayData(
        even.stream()
            .map(b -> new GenericInternalRow(new Object[] {b.lower(), b.upper(), b.count()}))
            .toArray());
  }

  @Override
  public Object produceResult(InternalRow arguments) {
    return call(arguments);
  }

  @Override
  public List<DataType> arguments() {
    return hasEnds
        ? List.of(columns.type(), DataTypes.IntegerType, DataTypes.DoubleType, DataTypes.DoubleType)
        : List.of(columns.type(), DataTypes.IntegerType);
  }

  @Override
  public DataType resultType() {
    return DataTypes.createArrayType(BIN, false);
  }

  @Override
  public String name() {
    return "histogram";
  }
}
