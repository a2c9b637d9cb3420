package dev.tare.jobs.sql;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.table.WeightTables;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The real numbers of a slice of quantized weights: {@code dequantize} of (data, offset, row of the
 * table of tensors), as an array, row-major.
 *
 * @param tensor the struct that describes the whole constant
 */
record DequantizeSliceFunction(StructType tensor) implements NullSafe {

  private static final List<String> NEEDED =
      List.of("type", "shape", "axis", "block_size", "scales", "zero_points");

  /**
   * Checks a type.
   *
   * @throws IllegalArgumentException if it is not a struct with the needed columns
   */
  static DequantizeSliceFunction of(DataType type) {
    if (!(type instanceof StructType struct)
        || !Arrays.asList(struct.fieldNames()).containsAll(NEEDED)) {
      throw new IllegalArgumentException(
          "the third argument must be a struct with the columns %s of the table of tensors, not %s"
              .formatted(String.join(", ", NEEDED), type.sql()));
    }
    for (String name : NEEDED) {
      DataType wanted = WeightTables.TENSORS_SCHEMA.apply(name).dataType();
      DataType given = struct.apply(name).dataType();
      if (!given.asNullable().equals(wanted.asNullable())) {
        throw new IllegalArgumentException(
            "column '%s' of the struct must be %s, not %s"
                .formatted(name, wanted.sql(), given.sql()));
      }
    }
    return new DequantizeSliceFunction(struct);
  }

  @Override
  public Object value(InternalRow arguments) {
    InternalRow constant = arguments.getStruct(2, tensor.length());
    QuantType type =
        TypeText.parse(constant.getUTF8String(tensor.fieldIndex("type")).toString()).type();
    Shape shape = Shape.of(constant.getArray(tensor.fieldIndex("shape")).toLongArray());
    float[] scales = constant.getArray(tensor.fieldIndex("scales")).toFloatArray();
    int[] zeroPoints = constant.getArray(tensor.fieldIndex("zero_points")).toIntArray();
    List<QuantParams> params = new ArrayList<>(scales.length);
    for (int i = 0; i < scales.length; i++) {
      params.add(new QuantParams(type, scales[i], zeroPoints[i]));
    }
    Granularity granularity =
        new Granularity(number(constant, "axis"), number(constant, "block_size"));
    ByteBuffer data = ByteBuffer.wrap(arguments.getBinary(0));
    long first = Math.multiplyExact(arguments.getLong(1), 8L) / type.dtype().bits();
    long left = Math.max(0, shape.size() - first);
    int values = (int) Math.min(left, data.remaining() * 8L / type.dtype().bits());
    FloatBuffer out = FloatBuffer.allocate(values);
    Quantizer.dequantizeSlice(data, out, first, shape, params, granularity);
    return UnsafeArrayData.fromPrimitiveArray(out.array());
  }

  private OptionalInt number(InternalRow constant, String column) {
    int field = tensor.fieldIndex(column);
    return constant.isNullAt(field) ? OptionalInt.empty() : OptionalInt.of(constant.getInt(field));
  }

  @Override
  public Object produceResult(InternalRow arguments) {
    return call(arguments);
  }

  @Override
  public List<DataType> arguments() {
    return List.of(DataTypes.BinaryType, DataTypes.LongType, tensor);
  }

  @Override
  public DataType resultType() {
    return DataTypes.createArrayType(DataTypes.FloatType, false);
  }

  @Override
  public String name() {
    return "dequantize";
  }
}
