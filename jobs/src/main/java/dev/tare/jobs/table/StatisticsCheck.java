package dev.tare.jobs.table;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.ContentHash;
import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.storage.FinishedRun;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Checks the statistics of another run before they are used: the bytes against the manifest, every
 * row for consistency, and all rows against the content hash in the manifest. Cost: one read of the
 * table; the driver receives 32 bytes per block.
 */
public final class StatisticsCheck {

  private static final int MADE = CheckTensor.schema(new StructType()).fieldIndex("made");

  /** Rows of a reader that makes bytes. */
  static final StructType BYTES = new StructType().add("bytes", DataTypes.BinaryType, false);

  private StatisticsCheck() {}

  /**
   * Checks the statistics table and returns its path.
   *
   * @throws TareException (bad input) if the run has no statistics, they are damaged, or contradict
   *     themselves or the manifest; the message names run, tensor and channel
   */
  public static Path verified(SparkSession spark, FinishedRun run) throws IOException {
    return verified(StateKind.HISTOGRAM, spark, run);
  }

  /**
   * Checks the statistics table, and reads every tensor on the way: the same rows are not decoded
   * twice. A task has all channels of a tensor in memory.
   *
   * @param made schema of the reader's rows
   * @return the reader's rows
   * @throws TareException as {@link #verified(SparkSession, FinishedRun)} does
   */
  public static List<Row> read(
      SparkSession spark, FinishedRun run, StructType made, TensorReader reader)
      throws IOException {
    return byJob(spark, run, run.verified(Part.STATISTICS), made, reader);
  }

  /**
   * The same for a reader whose rows have a single cell of bytes: statistics that are small are
   * read by this JVM alone, in a fourth of the time.
   *
   * @return what the reader made
   */
  public static List<byte[]> readBytes(SparkSession spark, FinishedRun run, TensorReader reader)
      throws IOException {
    return readBytes(spark, run, reader, LocalStatistics.room());
  }

  /**
   * The same.
   *
   * @param room bytes of the largest table that this JVM reads
   */
  static List<byte[]> readBytes(SparkSession spark, FinishedRun run, TensorReader reader, long room)
      throws IOException {
    Path folder = run.verified(Part.STATISTICS);
    Configuration hadoop = SparkJobs.hadoop(spark);
    ParquetColumns.require(folder, StatisticsTable.SCHEMA, StatisticsTable.SINCE_VERSION_2, hadoop);
    List<Row> rows =
        LocalParquet.bytes(folder, hadoop) <= room
            ? inThisJvm(hadoop, run, folder, reader)
            : byJob(spark, run, folder, BYTES, reader);
    return rows.stream().map(row -> row.<byte[]>getAs(0)).toList();
  }

  static List<Row> byJob(
      SparkSession spark, FinishedRun run, Path folder, StructType made, TensorReader reader) {
    SparkJobs.describe(spark, "read: check the statistics of run " + run.manifest().runId());
    try {
      return compared(
          StatisticsStore.readTensors(spark, folder, run.calibration().modelSha256(), made, reader)
              .collectAsList(),
          run);
    } finally {
      SparkJobs.describe(spark, null);
    }
  }

  static List<Row> inThisJvm(
      Configuration hadoop, FinishedRun run, Path folder, TensorReader reader) {
    return compared(
        LocalStatistics.read(folder, hadoop, run.calibration().modelSha256(), reader), run);
  }

  /** Returns what a reader made, of statistics whose digests are those of the manifest. */
  private static List<Row> compared(List<Row> all, FinishedRun run) {
    List<Row> digests = new ArrayList<>();
    List<Row> rows = new ArrayList<>();
    for (Row row : all) {
      if (row.isNullAt(MADE)) {
        digests.add(row);
      } else {
        rows.add(row.getStruct(MADE));
      }
    }
    compare(digests, StateKind.HISTOGRAM, run.calibration(), run);
    return rows;
  }

  /** The same for the table of one kind. */
  public static Path verified(StateKind kind, SparkSession spark, FinishedRun run)
      throws IOException {
    CalibrationFacts facts = run.calibration();
    Path folder = run.verified(StateTable.of(kind).part());
    SparkJobs.describe(spark, "read: check the statistics of run " + run.manifest().runId());
    try {
      // In one job: an iterator would run one for each partition, one after the other.
      compare(
          StatisticsStore.readBlocks(kind, spark, folder, facts.modelSha256()).collectAsList(),
          kind,
          facts,
          run);
    } finally {
      SparkJobs.describe(spark, null);
    }
    return folder;
  }

  private static void compare(
      List<Row> digests, StateKind kind, CalibrationFacts facts, FinishedRun run) {
    ContentHash hash = new ContentHash();
    Set<String> tensors = new TreeSet<>();
    boolean comparable = true;
    for (Row row : digests) {
      hash.add(new BlockKey(row.getString(0), row.getInt(1), row.getInt(2)), row.getAs(3));
      tensors.add(row.getString(0));
      comparable &= row.getInt(4) == StateTable.of(kind).newestVersion();
    }
    Set<String> stated = new TreeSet<>(facts.tensors().orElse(List.copyOf(tensors)));
    // Only some of the observed tensors have a Gram matrix.
    if (kind != StateKind.GRAM && !stated.equals(tensors)) {
      Set<String> missing = new TreeSet<>(stated);
      missing.removeAll(tensors);
      Set<String> added = new TreeSet<>(tensors);
      added.removeAll(stated);
      throw contradiction(
          run,
          "the table lacks tensors %s and has additional tensors %s".formatted(missing, added));
    }
    // An older version hashed fewer columns, so its hash may differ from that of the rows read
    // today.
    String sha256 =
        switch (kind) {
          case HISTOGRAM -> facts.contentSha256();
          case MOMENTS -> facts.momentsSha256().orElse("none");
          case FOLDS -> facts.foldsSha256().orElse("none");
          case GRAM -> facts.gram().map(CalibrationFacts.Gram::sha256).orElse("none");
          case PAIRS -> "none";
        };
    if (comparable && !hash.sha256Hex().equals(sha256)) {
      throw contradiction(
          run,
          "the table's content has sha256 %s, but the manifest states %s"
              .formatted(hash.sha256Hex(), sha256));
    }
  }

  private static TareException contradiction(FinishedRun run, String what) {
    return TareException.badInput(
        "The statistics of run %s contradict its manifest: %s"
            .formatted(run.folder().path(), what));
  }
}
