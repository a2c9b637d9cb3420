package dev.tare.jobs.input;

import dev.tare.engine.tensor.DType;
import java.io.Serializable;
import java.util.Optional;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * Type of a column that can be a tensor: values, or lists nested to any depth.
 *
 * @param element type of the innermost values
 * @param depth number of lists around them; 0 for plain values
 */
record ColumnType(Element element, int depth) implements Serializable {

  /** Type of the innermost values of a column. */
  enum Element {
    BOOLEAN,
    INT8,
    INT16,
    INT32,
    INT64,
    FLOAT,
    DOUBLE,
    STRING,
    BINARY;

    private DataType sparkType() {
      return switch (this) {
        case BOOLEAN -> DataTypes.BooleanType;
        case INT8 -> DataTypes.ByteType;
        case INT16 -> DataTypes.ShortType;
        case INT32 -> DataTypes.IntegerType;
        case INT64 -> DataTypes.LongType;
        case FLOAT -> DataTypes.FloatType;
        case DOUBLE -> DataTypes.DoubleType;
        case STRING -> DataTypes.StringType;
        case BINARY -> DataTypes.BinaryType;
      };
    }

    /**
     * Whether the element type represents every value exactly, after a range check for integers.
     */
    boolean fits(DType dtype) {
      return switch (this) {
        case BOOLEAN -> dtype == DType.BOOL;
        case INT8, INT16, INT32, INT64 -> !dtype.isFloat() && dtype != DType.BOOL;
        case FLOAT -> dtype == DType.FLOAT32 || dtype == DType.FLOAT64;
        case DOUBLE -> dtype == DType.FLOAT64;
        case STRING, BINARY -> false;
      };
    }
  }

  DataType sparkType() {
    DataType type = element.sparkType();
    for (int i = 0; i < depth; i++) {
      type = new ArrayType(type, true);
    }
    return type;
  }

  boolean isBinary() {
    return element == Element.BINARY && depth == 0;
  }

  boolean isText() {
    return element == Element.STRING && depth == 0;
  }

  /** Whether this can be the column with the shape of a binary cell. */
  boolean isSizes() {
    return depth == 1 && (element == Element.INT32 || element == Element.INT64);
  }

  /** SQL's name, as in {@code array<bigint>}. */
  @Override
  public String toString() {
    return sparkType().simpleString();
  }

  /** The type of a column; empty if it cannot be a tensor, such as structs, maps and dates. */
  static Optional<ColumnType> of(Type type) {
    return type.isRepetition(Type.Repetition.REPEATED)
        ? once(type).map(ColumnType::inList)
        : once(type);
  }

  /** The type of a column of Spark; empty if it cannot be a tensor. */
  static Optional<ColumnType> of(DataType type) {
    int depth = 0;
    DataType inner = type;
    while (inner instanceof ArrayType array) {
      inner = array.elementType();
      depth++;
    }
    for (Element element : Element.values()) {
      if (element.sparkType().equals(inner)) {
        return Optional.of(new ColumnType(element, depth));
      }
    }
    return Optional.empty();
  }

  private ColumnType inList() {
    return new ColumnType(element, depth + 1);
  }

  private static Optional<ColumnType> once(Type type) {
    if (type.isPrimitive()) {
      return primitive(type.asPrimitiveType()).map(element -> new ColumnType(element, 0));
    }
    GroupType group = type.asGroupType();
    boolean list =
        group.getLogicalTypeAnnotation() instanceof LogicalTypeAnnotation.ListLogicalTypeAnnotation;
    if (!list || group.getFieldCount() != 1) {
      return Optional.empty();
    }
    Type repeated = group.getType(0);
    if (repeated.isPrimitive()) {
      return once(repeated).map(ColumnType::inList);
    }
    // The backward-compatibility rules of Parquet's LogicalTypes.md: these are lists of structs.
    boolean struct =
        repeated.asGroupType().getFieldCount() != 1
            || repeated.getName().equals("array")
            || repeated.getName().equals(group.getName() + "_tuple");
    return struct
        ? Optional.empty()
        : of(repeated.asGroupType().getType(0)).map(ColumnType::inList);
  }

  private static Optional<Element> primitive(PrimitiveType type) {
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    if (logical instanceof LogicalTypeAnnotation.IntLogicalTypeAnnotation integer) {
      return integer(integer);
    }
    if (logical instanceof LogicalTypeAnnotation.StringLogicalTypeAnnotation) {
      return Optional.of(Element.STRING);
    }
    if (logical != null) {
      return Optional.empty();
    }
    return switch (type.getPrimitiveTypeName()) {
      case BOOLEAN -> Optional.of(Element.BOOLEAN);
      case INT32 -> Optional.of(Element.INT32);
      case INT64 -> Optional.of(Element.INT64);
      case FLOAT -> Optional.of(Element.FLOAT);
      case DOUBLE -> Optional.of(Element.DOUBLE);
      case BINARY, FIXED_LEN_BYTE_ARRAY -> Optional.of(Element.BINARY);
      case INT96 -> Optional.empty();
    };
  }

  private static Optional<Element> integer(
      LogicalTypeAnnotation.IntLogicalTypeAnnotation annotation) {
    return switch (annotation.isSigned() ? annotation.getBitWidth() : -annotation.getBitWidth()) {
      case 8 -> Optional.of(Element.INT8);
      case 16, -8 -> Optional.of(Element.INT16);
      case 32, -16 -> Optional.of(Element.INT32);
      case 64, -32 -> Optional.of(Element.INT64);
      default -> Optional.empty();
    };
  }
}
