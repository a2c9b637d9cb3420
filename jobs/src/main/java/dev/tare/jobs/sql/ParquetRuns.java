package dev.tare.jobs.sql;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.execution.datasources.NoopCache$;
import org.apache.spark.sql.execution.datasources.PartitionPath;
import org.apache.spark.sql.execution.datasources.PartitionSpec;
import org.apache.spark.sql.execution.datasources.PartitioningAwareFileIndex;
import org.apache.spark.sql.execution.datasources.v2.parquet.ParquetScanBuilder;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * One part of many runs as a table: the files that manifests name, read by Spark's own Parquet scan
 * with its pruning of columns and its filters. Only this class and {@link LiteralWords} use
 * internals of Spark.
 *
 * <p>The columns that are known without reading a run (its id, its model, its time) are partition
 * columns for Spark, so a filter on them excludes whole files. A column that a file does not have
 * is null.
 */
final class ParquetRuns implements Table, SupportsRead {

  /** Reads verify the checksums of pages; otherwise a damaged page would give wrong numbers. */
  private static final Map<String, String> OPTIONS =
      Map.of("parquet.page.verify-checksum.enabled", "true");

  private final String name;
  private final SparkSession spark;
  private final StructType facts;
  private final StructType columns;
  private final List<RunFiles> runs;

  /**
   * The files of a part of one run.
   *
   * @param facts values of the columns that its manifest gives
   * @param files their paths
   */
  record RunFiles(InternalRow facts, List<FileStatus> files) {}

  /**
   * A table.
   *
   * @param facts columns that manifests give, first in the table
   * @param columns columns in the files, all nullable; none has the name of a fact
   */
  ParquetRuns(
      String name, SparkSession spark, StructType facts, StructType columns, List<RunFiles> runs) {
    this.name = name;
    this.spark = spark;
    this.facts = facts;
    this.columns = columns;
    this.runs = runs;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  @Deprecated
  public StructType schema() {
    return merged(facts, columns);
  }

  private static StructType merged(StructType first, StructType second) {
    StructType all = first;
    for (var field : second.fields()) {
      all = all.add(field);
    }
    return all;
  }

  @Override
  public Set<TableCapability> capabilities() {
    return Set.of(TableCapability.BATCH_READ);
  }

  @Override
  public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
    Map<String, String> all = new LinkedHashMap<>(options.asCaseSensitiveMap());
    all.putAll(OPTIONS);
    return new ParquetScanBuilder(
        spark,
        new Index(spark, facts, runs),
        merged(facts, columns),
        columns,
        new CaseInsensitiveStringMap(all));
  }

  /** Files by folder, each folder with the facts of its run. */
  private static final class Index extends PartitioningAwareFileIndex {
    private final PartitionSpec spec;
    private final scala.collection.mutable.LinkedHashMap<Path, FileStatus> files =
        new scala.collection.mutable.LinkedHashMap<>();
    private final scala.collection.immutable.Map<Path, FileStatus[]> byFolder;
    private final Seq<Path> folders;

    Index(SparkSession spark, StructType facts, List<RunFiles> runs) {
      super(
          spark,
          scala.collection.immutable.Map$.MODULE$.from(CollectionConverters.asScala(OPTIONS)),
          Option.empty(),
          NoopCache$.MODULE$);
      Map<Path, FileStatus[]> grouped = new LinkedHashMap<>();
      Map<Path, InternalRow> values = new LinkedHashMap<>();
      for (RunFiles run : runs) {
        for (FileStatus file : run.files()) {
          files.put(file.getPath(), file);
          grouped.merge(file.getPath().getParent(), new FileStatus[] {file}, Index::joined);
          values.put(file.getPath().getParent(), run.facts());
        }
      }
      this.byFolder =
          scala.collection.immutable.Map$.MODULE$.from(CollectionConverters.asScala(grouped));
      this.folders = seq(List.copyOf(grouped.keySet()));
      this.spec =
          new PartitionSpec(
              facts,
              seq(
                  values.entrySet().stream()
                      .map(each -> new PartitionPath(each.getValue(), each.getKey()))
                      .toList()));
    }

    private static FileStatus[] joined(FileStatus[] some, FileStatus[] more) {
      FileStatus[] all = java.util.Arrays.copyOf(some, some.length + more.length);
      System.arraycopy(more, 0, all, some.length, more.length);
      return all;
    }

    private static <T> Seq<T> seq(List<T> list) {
      return CollectionConverters.asScala(list).toSeq();
    }

    @Override
    public PartitionSpec partitionSpec() {
      return spec;
    }

    @Override
    public scala.collection.mutable.LinkedHashMap<Path, FileStatus> leafFiles() {
      return files;
    }

    @Override
    public scala.collection.immutable.Map<Path, FileStatus[]> leafDirToChildrenFiles() {
      return byFolder;
    }

    @Override
    public Seq<Path> rootPaths() {
      return folders;
    }

    @Override
    public void refresh() {
      // Finished runs do not change.
    }
  }
}
