package dev.tare.jobs.sql;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * What {@code DESCRIBE} says about the columns of the tables. It is read from a text beside this
 * class and not from the schemas in {@code jobs.table}: Parquet files would contain those.
 */
final class ColumnComments {

  private static final Properties TEXTS = read();

  private ColumnComments() {}

  private static Properties read() {
    Properties texts = new Properties();
    try (InputStream stream = ColumnComments.class.getResourceAsStream("columns.properties")) {
      texts.load(new InputStreamReader(stream, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return texts;
  }

  /**
   * The schema with a comment at every column that has one.
   *
   * @param table one of {@link RunTables#NAMES}
   */
  static StructType comment(String table, StructType schema) {
    StructType commented = new StructType();
    for (StructField field : schema.fields()) {
      String text =
          TEXTS.getProperty(table + "." + field.name(), TEXTS.getProperty(field.name(), ""));
      commented = commented.add(text.isEmpty() ? field : field.withComment(text));
    }
    return commented;
  }
}
