package dev.tare.jobs.relation;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;

/**
 * Columns of Spark ML's vectors as arrays, told by the type that they have in SQL, so that Spark ML
 * is not needed: a struct of type (0 sparse, 1 dense), size, indices and values.
 *
 * <p>Vectors are of doubles; here they are rounded to the nearest float, as {@code
 * vector_to_array(column, 'float32')} does.
 */
final class VectorColumns {

  private static final List<String> FIELDS = List.of("type", "size", "indices", "values");
  private static final List<DataType> TYPES =
      List.of(
          DataTypes.ByteType,
          DataTypes.IntegerType,
          DataTypes.createArrayType(DataTypes.IntegerType),
          DataTypes.createArrayType(DataTypes.DoubleType));

  private VectorColumns() {}

  /** The rows with an array of floats in place of each vector. */
  static Dataset<Row> asArrays(Dataset<Row> rows) {
    StructType schema = rows.schema();
    if (Arrays.stream(schema.fields()).noneMatch(field -> isVector(sqlType(field)))) {
      return rows;
    }
    Column[] columns =
        Arrays.stream(schema.fields()).map(VectorColumns::column).toArray(Column[]::new);
    return rows.select(columns);
  }

  private static Column column(StructField field) {
    Column column = functions.col("`" + field.name().replace("`", "``") + "`");
    if (!isVector(sqlType(field))) {
      return column;
    }
    Column struct =
        field.dataType() instanceof UserDefinedType ? functions.unwrap_udt(column) : column;
    return functions
        .udf(
            (UDF1<Row, float[]>) VectorColumns::values,
            DataTypes.createArrayType(DataTypes.FloatType, false))
        .apply(struct)
        .as(field.name());
  }

  private static DataType sqlType(StructField field) {
    return field.dataType() instanceof UserDefinedType<?> type ? type.sqlType() : field.dataType();
  }

  private static boolean isVector(DataType type) {
    if (!(type instanceof StructType struct) || !List.of(struct.fieldNames()).equals(FIELDS)) {
      return false;
    }
    for (int i = 0; i < FIELDS.size(); i++) {
      if (!DataType.equalsIgnoreNullability(struct.fields()[i].dataType(), TYPES.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** Null stays null, and so does a vector that contradicts itself: a bad row. */
  private static float[] values(Row vector) {
    if (vector == null || vector.isNullAt(0) || vector.isNullAt(3)) {
      return null;
    }
    List<Double> values = vector.getList(3);
    if (vector.getByte(0) == 1) {
      float[] dense = new float[values.size()];
      for (int i = 0; i < dense.length; i++) {
        dense[i] = values.get(i).floatValue();
      }
      return dense;
    }
    if (vector.isNullAt(1) || vector.isNullAt(2)) {
      return null;
    }
    List<Integer> indices = vector.getList(2);
    float[] dense = new float[Math.max(0, vector.getInt(1))];
    if (indices.size() != values.size()
        || indices.stream().anyMatch(index -> index < 0 || index >= dense.length)) {
      return null;
    }
    for (int i = 0; i < indices.size(); i++) {
      dense[indices.get(i)] = values.get(i).floatValue();
    }
    return dense;
  }
}
