package dev.tare.jobs.table;

import dev.tare.jobs.Concurrently;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Compares the footers of a table's files with the expected columns: Spark fills a missing column
 * with nulls, and fails in a task if a type differs.
 */
final class ParquetColumns {
  private static final Map<DataType, PrimitiveTypeName> STORED =
      Map.of(
          DataTypes.IntegerType, PrimitiveTypeName.INT32,
          DataTypes.LongType, PrimitiveTypeName.INT64,
          DataTypes.FloatType, PrimitiveTypeName.FLOAT,
          DataTypes.DoubleType, PrimitiveTypeName.DOUBLE,
          DataTypes.BooleanType, PrimitiveTypeName.BOOLEAN,
          DataTypes.StringType, PrimitiveTypeName.BINARY,
          DataTypes.BinaryType, PrimitiveTypeName.BINARY);

  private ParquetColumns() {}

  /**
   * Checks every file of a folder.
   *
   * @param optional columns that may be missing
   * @throws TareException (bad input) if one is not Parquet, lacks a column, or its type differs
   */
  static void require(Path folder, StructType schema, Set<String> optional, Configuration hadoop) {
    Concurrently.map(
        files(folder, hadoop),
        file -> {
          MessageType own = schema(file, hadoop);
          for (StructField field : schema.fields()) {
            if (own.containsField(field.name())) {
              requireType(file, own.getType(field.name()), field);
            } else if (!optional.contains(field.name())) {
              throw TareException.badInput(
                  "%s lacks the column '%s'; it has %s"
                      .formatted(
                          file,
                          field.name(),
                          own.getFields().stream().map(Type::getName).toList()));
            }
          }
          return file;
        });
  }

  /** The files that Spark reads; it skips hidden ones. */
  static List<Path> files(Path folder, Configuration hadoop) {
    try {
      return Stream.of(folder.getFileSystem(hadoop).listStatus(folder))
          .filter(FileStatus::isFile)
          .map(FileStatus::getPath)
          .filter(path -> !path.getName().startsWith("_") && !path.getName().startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static MessageType schema(Path file, Configuration hadoop) {
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(file, hadoop))) {
      return reader.getFooter().getFileMetaData().getSchema();
    } catch (IOException | RuntimeException e) {
      throw TareException.badInput(
          "Cannot read %s as Parquet: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static void requireType(Path file, Type stored, StructField field) {
    DataType wanted = field.dataType();
    if (stored.isRepetition(Type.Repetition.REPEATED) || !fits(stored, wanted)) {
      throw TareException.badInput(
          "%s has the column '%s' as %s, but it must be %s"
              .formatted(
                  file,
                  field.name(),
                  stored.toString().replaceAll("\\s+", " "),
                  wanted.sql().toLowerCase(java.util.Locale.ROOT)));
    }
  }

  private static boolean fits(Type stored, DataType wanted) {
    if (wanted instanceof ArrayType array) {
      return isList(stored) && fits(element(stored), array.elementType());
    }
    return wanted instanceof StructType struct
        ? isStruct(stored, struct)
        : isPrimitive(stored, wanted);
  }

  private static boolean isStruct(Type stored, StructType wanted) {
    if (stored.isPrimitive() || stored.getLogicalTypeAnnotation() != null) {
      return false;
    }
    GroupType group = stored.asGroupType();
    for (StructField field : wanted.fields()) {
      boolean there = group.containsField(field.name());
      if (!there || !fits(group.getType(field.name()), field.dataType())) {
        return false;
      }
    }
    return true;
  }

  private static boolean isList(Type stored) {
    return !stored.isPrimitive()
        && LogicalTypeAnnotation.listType().equals(stored.getLogicalTypeAnnotation())
        && stored.asGroupType().getFieldCount() == 1
        && stored.asGroupType().getType(0).isRepetition(Type.Repetition.REPEATED);
  }

  /** Returns the element type of a list; in the oldest layout it is the repeated type itself. */
  private static Type element(Type list) {
    Type repeated = list.asGroupType().getType(0);
    return repeated.isPrimitive() || repeated.asGroupType().getFieldCount() != 1
        ? repeated
        : repeated.asGroupType().getType(0);
  }

  private static boolean isPrimitive(Type stored, DataType wanted) {
    if (!stored.isPrimitive()) {
      return false;
    }
    PrimitiveType type = stored.asPrimitiveType();
    LogicalTypeAnnotation meaning = type.getLogicalTypeAnnotation();
    boolean plain = meaning == null || isTextual(meaning, wanted) || isWhole(meaning, wanted);
    return plain && type.getPrimitiveTypeName() == STORED.get(wanted);
  }

  private static boolean isTextual(LogicalTypeAnnotation meaning, DataType wanted) {
    return wanted.equals(DataTypes.StringType)
        && meaning.equals(LogicalTypeAnnotation.stringType());
  }

  private static boolean isWhole(LogicalTypeAnnotation meaning, DataType wanted) {
    return meaning instanceof IntLogicalTypeAnnotation integer
        && integer.isSigned()
        && integer.getBitWidth() == (wanted.equals(DataTypes.LongType) ? 64 : 32);
  }
}
