package dev.tare.jobs.table;

import dev.tare.engine.histogram.Histogram;
import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.FoldsBlock;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.jobs.artifact.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The table of folds, format version 1: one row per tensor, with {@code channel} null, and one per
 * channel. {@code folds} has the statistics of each of {@value FoldsBlock#FOLDS} parts of the
 * samples, with the columns of the {@link StatisticsTable}.
 */
public final class FoldsTable implements StateTable<List<Statistics>> {

  public static final int FORMAT_VERSION = 1;

  /** Column of {@link #rows}: the number of the fold. */
  public static final String FOLD = "fold";

  private static final String FOLDS = "folds";

  private static final StructType OF_FOLD =
      new StructType()
          .add("mantissa_bits", DataTypes.IntegerType, true)
          .add("count", DataTypes.LongType, false)
          .add("zeros", DataTypes.LongType, false)
          .add("nans", DataTypes.LongType, false)
          .add("pos_infs", DataTypes.LongType, false)
          .add("neg_infs", DataTypes.LongType, false)
          .add("min", DataTypes.FloatType, true)
          .add("max", DataTypes.FloatType, true)
          .add("bin", DataTypes.createArrayType(DataTypes.IntegerType, false), true)
          .add("bin_count", DataTypes.createArrayType(DataTypes.LongType, false), true);

  public static final StructType SCHEMA =
      new StructType()
          .add("format_version", DataTypes.IntegerType, false)
          .add("run_id", DataTypes.StringType, false)
          .add("model_sha256", DataTypes.StringType, false)
          .add("tensor", DataTypes.StringType, false)
          .add("axis", DataTypes.IntegerType, true)
          .add("channel", DataTypes.IntegerType, true)
          .add(FOLDS, DataTypes.createArrayType(OF_FOLD, false), false);

  FoldsTable() {}

  @Override
  public Part part() {
    return Part.FOLDS;
  }

  @Override
  public StructType schema() {
    return SCHEMA;
  }

  @Override
  public int newestVersion() {
    return FORMAT_VERSION;
  }

  @Override
  public List<Row> toRows(MergeableState state, String runId, String modelSha256) {
    FoldsBlock block = (FoldsBlock) state;
    BlockKey key = block.key();
    boolean whole = key.isWhole();
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < block.folds().get(0).rows().size(); i++) {
      List<Row> folds = new ArrayList<>(FoldsBlock.FOLDS);
      for (StatisticsBlock fold : block.folds()) {
        folds.add(cells(fold.rows().get(i)));
      }
      rows.add(
          RowFactory.create(
              FORMAT_VERSION,
              runId,
              modelSha256,
              key.tensor(),
              whole ? null : key.axis(),
              whole ? null : key.firstChannel() + i,
              folds.toArray(Row[]::new)));
    }
    return rows;
  }

  private static Row cells(Statistics s) {
    Histogram histogram = s.histogram().orElse(null);
    return RowFactory.create(
        histogram == null ? null : histogram.mantissaBits(),
        s.count(),
        s.zeros(),
        s.nans(),
        s.posInfs(),
        s.negInfs(),
        Float.isNaN(s.min()) ? null : s.min(),
        Float.isNaN(s.max()) ? null : s.max(),
        histogram == null ? null : histogram.bins(),
        histogram == null ? null : histogram.counts());
  }

  @Override
  public List<Statistics> read(Row row) {
    List<Statistics> folds = new ArrayList<>(FoldsBlock.FOLDS);
    try {
      for (Row fold : row.<Row>getList(row.fieldIndex(FOLDS))) {
        folds.add(StatisticsDecoder.decode(new RowCells(fold)));
      }
      if (folds.size() != FoldsBlock.FOLDS) {
        throw new IllegalArgumentException(
            "%d folds instead of %d".formatted(folds.size(), FoldsBlock.FOLDS));
      }
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw StatisticsTable.unreadable(row, e.getMessage());
    }
    return folds;
  }

  @Override
  public MergeableState block(BlockKey key, int channels, List<List<Statistics>> rows) {
    List<StatisticsBlock> folds = new ArrayList<>(FoldsBlock.FOLDS);
    for (int fold = 0; fold < FoldsBlock.FOLDS; fold++) {
      int number = fold;
      folds.add(
          new StatisticsBlock(key, channels, rows.stream().map(row -> row.get(number)).toList()));
    }
    return new FoldsBlock(folds);
  }

  /**
   * Reads a table as rows of statistics, one for each fold that saw values, which {@link
   * StatisticsTable#toTensor} reads, with the number of the fold in {@value #FOLD}.
   */
  public static Dataset<Row> rows(SparkSession spark, Path folder) {
    return CheckedParquet.read(spark, SCHEMA, Set.of(), folder)
        .select(
            functions.col("*"),
            functions.posexplode(functions.col(FOLDS)).as(new String[] {FOLD, "of_fold"}))
        .select(
            functions.col("format_version"),
            functions.col("run_id"),
            functions.col("model_sha256"),
            functions.col("tensor"),
            functions.col("axis"),
            functions.col("channel"),
            functions.col("of_fold.*"),
            functions.col(FOLD))
        .filter(functions.col("count").gt(0));
  }
}
