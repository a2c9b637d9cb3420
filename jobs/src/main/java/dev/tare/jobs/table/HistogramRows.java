package dev.tare.jobs.table;

import dev.tare.engine.statistics.BlockKey;
import dev.tare.engine.statistics.MergeableState;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.StatisticsBlock;
import dev.tare.jobs.artifact.Part;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/** Histograms in the {@link StatisticsTable}. */
final class HistogramRows implements StateTable<Statistics> {

  @Override
  public Part part() {
    return Part.STATISTICS;
  }

  @Override
  public StructType schema() {
    return StatisticsTable.SCHEMA;
  }

  @Override
  public Set<String> optional() {
    return StatisticsTable.SINCE_VERSION_2;
  }

  @Override
  public int oldestVersion() {
    return StatisticsTable.OLDEST_VERSION;
  }

  @Override
  public int newestVersion() {
    return StatisticsTable.FORMAT_VERSION;
  }

  @Override
  public List<Row> toRows(MergeableState block, String runId, String modelSha256) {
    return StatisticsTable.toRows((StatisticsBlock) block, runId, modelSha256);
  }

  @Override
  public Statistics read(Row row) {
    return StatisticsTable.toStatistics(row);
  }

  @Override
  public MergeableState block(BlockKey key, int channels, List<Statistics> rows) {
    return new StatisticsBlock(key, channels, rows);
  }
}
