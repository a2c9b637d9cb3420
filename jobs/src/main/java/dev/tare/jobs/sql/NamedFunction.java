package dev.tare.jobs.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.connector.catalog.functions.BoundFunction;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A function before Spark has passed the types of its arguments.
 *
 * @param name name in the namespace
 * @param usage how it is called, and what it returns
 */
record NamedFunction(String name, String usage) implements UnboundFunction {

  /** Returns all functions. */
  static final List<NamedFunction> ALL =
      List.of(
          new NamedFunction(
              "merge", "merge(statistics): the statistics of all rows of a group together"),
          new NamedFunction(
              "quantile",
              "quantile(statistics, share): the value with a share in [0, 1] of the values below"
                  + " it; an array of shares gives an array"),
          new NamedFunction(
              "range",
              "range(statistics, type[, method]): the range that a method selects, low and high"),
          new NamedFunction(
              "scale",
              "scale(statistics, type[, method]): the scale that tare select would choose"),
          new NamedFunction(
              "zero_point",
              "zero_point(statistics, type[, method]): the zero point that tare select would"
                  + " choose"),
          new NamedFunction(
              "clip_share",
              "clip_share(statistics, type[, method]) or (statistics, type, scale, zero_point): the"
                  + " share of values that saturate; (statistics, low, high): the share outside"),
          new NamedFunction(
              "sqnr",
              "sqnr(statistics, type[, method]) or (statistics, type, scale, zero_point): expected"
                  + " signal to quantization noise in dB"),
          new NamedFunction(
              "mean", "mean(row of the table moments): the exact mean of the finite values"),
          new NamedFunction(
              "dequantize",
              "dequantize(q, scale, zero_point): the real number behind an integer; (data, offset,"
                  + " row of the table tensors): those behind a slice of weights"),
          new NamedFunction(
              "histogram", "histogram(statistics, bins[, low, high]): counts in bins of one width"),
          new NamedFunction(
              "psi", "psi(baseline, current): population stability index of two statistics"),
          new NamedFunction(
              "jensen_shannon",
              "jensen_shannon(baseline, current): Jensen-Shannon distance of two statistics, 0 to"
                  + " 1"),
          new NamedFunction(
              "kolmogorov_smirnov",
              "kolmogorov_smirnov(baseline, current): greatest difference of the cumulated shares"
                  + " of two statistics, 0 to 1"));

  @Override
  public BoundFunction bind(StructType input) {
    List<DataType> types = new ArrayList<>();
    for (StructField field : input.fields()) {
      types.add(field.dataType());
    }
    try {
      return bind(types);
    } catch (IllegalArgumentException e) {
      // Spark turns this exception into an error of analysis.
      throw new UnsupportedOperationException(
          "fn.%s: %s. Usage: %s".formatted(name, e.getMessage(), usage), e);
    }
  }

  private BoundFunction bind(List<DataType> types) {
    int count = types.size();
    return switch (name) {
      case "merge" -> new MergeFunction(statistics(types, 1, 1));
      case "quantile" -> {
        StatisticsColumns columns = statistics(types, 2, 2);
        boolean several = types.get(1) instanceof ArrayType;
        yield new QuantileFunction(columns, several);
      }
      case "mean" -> {
        requireCount(types, count == 1, "1");
        yield MeanFunction.of(types.get(0));
      }
      case "range", "scale", "zero_point" -> selected(types, 3);
      case "clip_share", "sqnr" -> {
        boolean text = count < 2 || types.get(1) instanceof StringType;
        if (count == 4 && text) {
          require(types, 2, NumericType.class, "the scale, a number");
          require(types, 3, NumericType.class, "the zero point, a whole number");
          yield new PublishedFunction(output(), statistics(types, 4, 4));
        }
        if (name.equals("clip_share") && !text) {
          StatisticsColumns columns = statistics(types, 3, 3);
          require(types, 1, NumericType.class, "low, a number, or a type, a text");
          require(types, 2, NumericType.class, "high, a number");
          yield new OutsideFunction(columns);
        }
        yield selected(types, 4);
      }
      case "histogram" -> {
        StatisticsColumns columns = statistics(types, 2, 4);
        requireCount(types, count != 3, "2 or 4");
        require(types, 1, NumericType.class, "the number of bins");
        yield new HistogramFunction(columns, count == 4);
      }
      case "psi", "jensen_shannon", "kolmogorov_smirnov" -> {
        StatisticsColumns baseline = statistics(types, 2, 2);
        yield new DriftFunction(
            DriftFunction.Measure.of(name), baseline, StatisticsColumns.of(types.get(1)));
      }
      case "dequantize" -> {
        requireCount(types, count == 3, "3");
        yield types.get(0) instanceof BinaryType
            ? DequantizeSliceFunction.of(types.get(2))
            : new DequantizeFunction();
      }
      default -> throw new IllegalStateException("No such function: " + name);
    };
  }

  private SelectFunction.Output output() {
    return SelectFunction.Output.valueOf(name.toUpperCase(Locale.ROOT));
  }

  private SelectFunction selected(List<DataType> types, int most) {
    StatisticsColumns columns = statistics(types, 2, most);
    require(types, 1, StringType.class, "a type, a text such as 'int8' or 'uint8 symmetric'");
    if (types.size() > 2) {
      require(types, 2, StringType.class, "a method, a text such as 'percentile-99.9'");
    }
    return new SelectFunction(output(), columns, types.size() > 2);
  }

  private static StatisticsColumns statistics(List<DataType> types, int least, int most) {
    String wanted = least == most ? "" + least : least + " to " + most;
    requireCount(types, types.size() >= least && types.size() <= most, wanted);
    return StatisticsColumns.of(types.get(0));
  }

  private static void requireCount(List<DataType> types, boolean fits, String wanted) {
    if (!fits) {
      throw new IllegalArgumentException(
          "takes %s arguments, not %d".formatted(wanted, types.size()));
    }
  }

  private static void require(
      List<DataType> types, int position, Class<? extends DataType> wanted, String what) {
    DataType type = types.get(position);
    if (!wanted.isInstance(type) && !(type instanceof NullType)) {
      throw new IllegalArgumentException(
          "argument %d must be %s, not %s".formatted(position + 1, what, type.sql()));
    }
  }

  @Override
  public String description() {
    return usage;
  }
}
