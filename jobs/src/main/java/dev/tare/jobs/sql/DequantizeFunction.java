package dev.tare.jobs.sql;

import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * The real number that an integer represents: {@code dequantize} of (q, scale, zero point), in
 * float32 as ONNX DequantizeLinear computes it.
 */
record DequantizeFunction() implements NullSafe {

  @Override
  public Object value(InternalRow arguments) {
    return (arguments.getLong(0) - arguments.getInt(2)) * arguments.getFloat(1);
  }

  @Override
  public Object produceResult(InternalRow arguments) {
    return call(arguments);
  }

  @Override
  public List<DataType> arguments() {
    return List.of(DataTypes.LongType, DataTypes.FloatType, DataTypes.IntegerType);
  }

  @Override
  public DataType resultType() {
    return DataTypes.FloatType;
  }

  @Override
  public String name() {
    return "dequantize";
  }
}
