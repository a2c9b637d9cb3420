package dev.tare.jobs.sql;

import java.util.List;
import java.util.Set;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.LocalScan;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * A table of a few rows in the memory of the driver.
 *
 * @param name name for messages
 * @param schema columns
 * @param rows its content, in Spark's internal form
 */
record FactTable(String name, StructType schema, List<InternalRow> rows)
    implements Table, SupportsRead {

  @Override
  @Deprecated
  public StructType schema() {
    return schema;
  }

  @Override
  public Set<TableCapability> capabilities() {
    return Set.of(TableCapability.BATCH_READ);
  }

  @Override
  public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
    return () -> scan(schema, rows);
  }

  /** The rows as an answer. */
  static LocalScan scan(StructType schema, List<InternalRow> rows) {
    return new Rows(schema, rows);
  }

  private record Rows(StructType schema, List<InternalRow> content) implements LocalScan {
    @Override
    public InternalRow[] rows() {
      return content.toArray(InternalRow[]::new);
    }

    @Override
    public StructType readSchema() {
      return schema;
    }

    @Override
    public Scan.ColumnarSupportMode columnarSupportMode() {
      return Scan.ColumnarSupportMode.UNSUPPORTED;
    }
  }
}
