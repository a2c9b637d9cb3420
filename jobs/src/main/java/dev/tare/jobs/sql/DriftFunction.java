package dev.tare.jobs.sql;

import dev.tare.engine.statistics.Drift;
import dev.tare.engine.statistics.Statistics;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * The distance between the values of two statistics, as in {@code tare drift}: {@code psi}, {@code
 * jensen_shannon}, {@code kolmogorov_smirnov} of (baseline, current).
 *
 * @param measure which distance
 * @param baseline positions of the columns in the first struct
 * @param current positions of the columns in the second struct
 */
record DriftFunction(Measure measure, StatisticsColumns baseline, StatisticsColumns current)
    implements NullSafe {

  /** The distances of {@link Drift}. */
  enum Measure {
    PSI,
    JENSEN_SHANNON,
    KOLMOGOROV_SMIRNOV;

    static Measure of(String function) {
      return valueOf(function.toUpperCase(Locale.ROOT));
    }

    double between(Statistics baseline, Statistics current) {
      return switch (this) {
        case PSI -> Drift.psi(baseline, current);
        case JENSEN_SHANNON -> Drift.jensenShannon(baseline, current);
        case KOLMOGOROV_SMIRNOV -> Drift.kolmogorovSmirnov(baseline, current);
      };
    }
  }

  @Override
  public Object value(InternalRow arguments) {
    return measure.between(
        baseline.statistics(baseline.struct(arguments, 0)),
        current.statistics(current.struct(arguments, 1)));
  }

  @Override
  public Object produceResult(InternalRow arguments) {
    return call(arguments);
  }

  @Override
  public Optional<String> tensor(InternalRow arguments) {
    return baseline.text(baseline.struct(arguments, 0), "tensor");
  }

  @Override
  public List<DataType> arguments() {
    return List.of(baseline.type(), current.type());
  }

  @Override
  public DataType resultType() {
    return DataTypes.DoubleType;
  }

  @Override
  public String name() {
    return measure.name().toLowerCase(Locale.ROOT);
  }
}
