package dev.tare.jobs.table;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.ContentHash;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.statistics.StateKind;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.Part;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.api.java.function.MapGroupsFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.KeyValueGroupedDataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Writes states as tables and reads them back. */
public final class StatisticsStore {

  /**
   * Dictionaries of bins and edges took a fifth of the processor time of a small run and saved
   * little: zstd makes smaller files of the numbers themselves.
   */
  private static final Map<String, String> PARQUET =
      Map.of(
          "compression", "zstd",
          "parquet.enable.dictionary#bin.list.element", "false",
          "parquet.enable.dictionary#lower.list.element", "false",
          "parquet.enable.dictionary#upper.list.element", "false",
          "parquet.enable.dictionary#bin_count.list.element", "false");

  private static final StructType DIGEST_SCHEMA =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("axis", DataTypes.IntegerType, false)
          .add("first_channel", DataTypes.IntegerType, false)
          .add("digest", DataTypes.BinaryType, false)
          .add("bytes", DataTypes.LongType, false)
          .add("values", DataTypes.LongType, false)
          .add("non_finite", DataTypes.LongType, false);

  private static final StructType CHECKED_SCHEMA =
      new StructType()
          .add("tensor", DataTypes.StringType, false)
          .add("axis", DataTypes.IntegerType, false)
          .add("first_channel", DataTypes.IntegerType, false)
          .add("digest", DataTypes.BinaryType, false)
          .add("format_version", DataTypes.IntegerType, false);

  /** Encoded states per output file: a table of a thousand layers still has few files. */
  private static final long BYTES_PER_FILE = 64L << 20;

  /**
   * Encoded states that a task writes where all would fit in one file. Writing a megabyte takes
   * tenths of a second, and who reads the table again has a task for each file.
   */
  private static final long BYTES_PER_TASK = 2L << 20;

  private StatisticsStore() {}

  /** Returns the part of a run that is the table of a kind. */
  public static Part part(StateKind kind) {
    return StateTable.of(kind).part();
  }

  /**
   * What was written.
   *
   * @param contentSha256 the identity of the content, without run id and time
   * @param tensors names of all tensors
   * @param blocks number of blocks
   * @param values of whole tensors that statistics counted, non-finite ones included
   * @param nonFinite of them
   */
  public record Written(
      String contentSha256, Set<String> tensors, long blocks, long values, long nonFinite) {}

  /**
   * Writes states, one per block key, as the statistics table. The driver receives 32 bytes per
   * block.
   *
   * <p>The states are computed twice unless the caller persists them.
   */
  public static Written write(Dataset<Row> states, Path folder, String runId, String modelSha256) {
    return write(StateKind.HISTOGRAM, states, folder, runId, modelSha256);
  }

  /**
   * Writes states of one kind, one per block key, as the table of the kind.
   *
   * <p>The states are computed twice unless the caller persists them.
   */
  public static Written write(
      StateKind kind, Dataset<Row> states, Path folder, String runId, String modelSha256) {
    ContentHash hash = new ContentHash();
    Set<String> tensors = new TreeSet<>();
    long bytes = 0;
    long blocks = 0;
    long values = 0;
    long nonFinite = 0;
    // In one job: an iterator would run one for each partition, one after the other.
    List<Row> digests =
        states
            .map((MapFunction<Row, Row>) StatisticsStore::digest, Encoders.row(DIGEST_SCHEMA))
            .collectAsList();
    for (Row row : digests) {
      hash.add(new BlockKey(row.getString(0), row.getInt(1), row.getInt(2)), row.getAs(3));
      tensors.add(row.getString(0));
      bytes += row.getLong(4);
      values += row.getLong(5);
      nonFinite += row.getLong(6);
      blocks++;
    }
    int files = (int) Math.max(1, (bytes + BYTES_PER_FILE - 1) / BYTES_PER_FILE);
    Dataset<Row> rows =
        states.flatMap(
            (FlatMapFunction<Row, Row>)
                row ->
                    StateTable.of(kind).toRows(StateRow.state(row), runId, modelSha256).iterator(),
            Encoders.row(StateTable.of(kind).schema()));
    Dataset<Row> arranged =
        files == 1
            ? rows.coalesce(
                (int)
                    Math.min(
                        SparkJobs.parallelism(rows.sparkSession()), 1 + bytes / BYTES_PER_TASK))
            : rows.repartitionByRange(files, functions.col("tensor"), functions.col("channel"));
    arranged
        // Rows of whole tensors first, so that a reader of only these skips the pages of
        // channels.
        .sortWithinPartitions("axis", "tensor", "channel")
        .write()
        .options(PARQUET)
        .mode(SaveMode.ErrorIfExists)
        .parquet(folder.toString());
    return new Written(hash.sha256Hex(), tensors, blocks, values, nonFinite);
  }

  private static Row digest(Row row) {
    byte[] state = StateRow.bytes(row);
    MergeableState block = StateRow.state(row);
    BlockKey key = block.key();
    Optional<Statistics> whole =
        key.isWhole() && block instanceof StatisticsBlock statistics
            ? Optional.of(statistics.rows().get(0))
            : Optional.empty();
    return RowFactory.create(
        key.tensor(),
        key.axis(),
        key.firstChannel(),
        ContentHash.digest(block),
        (long) state.length,
        whole.map(Statistics::count).orElse(0L),
        whole.map(counted -> counted.count() - counted.finite()).orElse(0L));
  }

  /**
   * Reads the states of a table: the inverse of {@link #write}.
   *
   * @return rows of {@link StateRow#SCHEMA}; with equal keys for blocks to be merged
   */
  public static Dataset<Row> readStates(SparkSession spark, Path folder) {
    return readStates(StateKind.HISTOGRAM, spark, folder);
  }

  /** Reads the states of a table of one kind. */
  public static Dataset<Row> readStates(StateKind kind, SparkSession spark, Path folder) {
    return blocks(kind, spark, folder)
        .mapGroups(
            (MapGroupsFunction<String, Row, Row>)
                (key, rows) -> StateRow.of(block(StateTable.of(kind), rows, row -> {})),
            StateRow.encoder());
  }

  /**
   * Reads the blocks of a table, with their digests, without having all of a tensor in memory.
   *
   * @param modelSha256 the model that every row must name
   * @return rows of {@link #CHECKED_SCHEMA}
   */
  static Dataset<Row> readBlocks(
      StateKind kind, SparkSession spark, Path folder, String modelSha256) {
    return blocks(kind, spark, folder)
        .mapGroups(
            (MapGroupsFunction<String, Row, Row>)
                (key, rows) -> checked(StateTable.of(kind), rows, modelSha256),
            Encoders.row(CHECKED_SCHEMA));
  }

  /**
   * Reads the digests of the statistics' blocks, and what a reader makes of each tensor.
   *
   * @param modelSha256 the model that every row must name
   * @param made schema of the reader's rows
   * @return rows of {@link CheckTensor#schema}
   */
  static Dataset<Row> readTensors(
      SparkSession spark, Path folder, String modelSha256, StructType made, TensorReader reader) {
    // A row without a name is refused by its place.
    return groupedBy(
            functions.coalesce(functions.col("tensor"), functions.lit("")), read(spark, folder))
        .flatMapGroups(
            new CheckTensor(modelSha256, reader), Encoders.row(CheckTensor.schema(made)));
  }

  private static KeyValueGroupedDataset<String, Row> blocks(
      StateKind kind, SparkSession spark, Path folder) {
    StateTable<?> table = StateTable.of(kind);
    Dataset<Row> rows = CheckedParquet.read(spark, table.schema(), table.optional(), folder);
    // A block has the number of channels of its tensor; a row does not.
    Dataset<Row> sizes =
        rows.groupBy(functions.col("tensor").as("sized"), functions.col("axis").as("sized_axis"))
            .agg(functions.coalesce(functions.max("channel"), functions.lit(0)).as("last"));
    Dataset<Row> sized =
        rows.join(
            sizes,
            rows.col("tensor")
                .eqNullSafe(sizes.col("sized"))
                .and(rows.col("axis").eqNullSafe(sizes.col("sized_axis"))));
    return groupedBy(blockKey(), sized);
  }

  /** Groups rows by a column of texts, which decodes no row before its group. */
  public static KeyValueGroupedDataset<String, Row> groupedBy(Column key, Dataset<Row> rows) {
    return rows.groupBy(key).as(Encoders.STRING(), Encoders.row(rows.schema()));
  }

  /**
   * Reads a table of any known format version with the newest schema; columns that an older one
   * lacks are null.
   */
  public static Dataset<Row> read(SparkSession spark, Path folder) {
    return CheckedParquet.read(
        spark, StatisticsTable.SCHEMA, StatisticsTable.SINCE_VERSION_2, folder);
  }

  /**
   * Reads the columns of a table, checked before, that decisions need: without the edges of bins,
   * which follow from the bins and are two fifths of what a row decodes to.
   */
  public static Dataset<Row> readChecked(SparkSession spark, Path folder) {
    return read(spark, folder).drop("lower", "upper");
  }

  /** A text that is equal if and only if rows are of one block. */
  private static Column blockKey() {
    Column channel = functions.greatest(functions.col("channel"), functions.lit(0));
    Column block = functions.floor(channel.divide(StatisticsBlock.CHANNELS_PER_BLOCK));
    return functions.concat(
        functions.coalesce(functions.col("axis"), functions.lit(BlockKey.WHOLE)),
        functions.lit(" "),
        block,
        functions.lit(" "),
        functions.coalesce(functions.col("tensor"), functions.lit("")));
  }

  private static Row checked(StateTable<?> table, Iterator<Row> rows, String modelSha256) {
    int[] oldest = {table.newestVersion()};
    MergeableState block =
        block(
            table,
            rows,
            row -> {
              StatisticsTable.requireModel(row, modelSha256);
              oldest[0] = Math.min(oldest[0], row.<Integer>getAs("format_version"));
            });
    BlockKey key = block.key();
    return RowFactory.create(
        key.tensor(), key.axis(), key.firstChannel(), ContentHash.digest(block), oldest[0]);
  }

  private static MergeableState block(
      StateTable<?> table, Iterator<Row> rows, Consumer<Row> check) {
    BlockRows<?> block = new BlockRows<>(table);
    int channels = 1;
    while (rows.hasNext()) {
      Row row = rows.next();
      StatisticsTable.requirePlace(row, table);
      check.accept(row);
      channels = row.getInt(row.fieldIndex("last")) + 1;
      block.add(row);
    }
    return block.block(channels);
  }
}
