package dev.tare.jobs.input;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.substring;
import static org.apache.spark.sql.functions.sum;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Takes the n samples with the smallest hashes: a pure function of the multiset of samples, for any
 * order and any partitions.
 *
 * <p>Of equal samples at the boundary only as many are kept as are needed, those with the smallest
 * (file, row); their content is the same. The driver sees 10,001 hashes or one. Costs one job over
 * the data before the selected samples can be read, two for an n above 200,000.
 */
public final class Sampling {

  /** Hashes that one task sorts: 32 bytes each and the overhead of a row. */
  private static final int SORTED_AT_ONCE = 200_000;

  /** Hashes that the driver looks through: two stages instead of the five of an aggregation. */
  private static final int COLLECTED_AT_ONCE = 10_000;

  private static final Column HASH = col(SampleRows.HASH);
  private static final Column PREFIX = substring(HASH, 1, 2);

  private Sampling() {}

  /**
   * Number of samples with the same two leading hash bytes, and number of samples with smaller
   * ones.
   */
  private record Bucket(Column prefix, long before) {}

  /** The first sample that exceeds n, and how many samples with the same hash are kept. */
  private record Border(Column hash, int equalKept) {}

  /**
   * The selected rows; all samples if there are no more than n.
   *
   * @param rows of {@link SampleRows}; rows with an error are ignored
   * @param n at least 1; empty for all samples
   * @throws IllegalArgumentException if n is less than 1
   */
  public static Dataset<Row> select(Dataset<Row> rows, OptionalLong n) {
    Dataset<Row> samples = rows.filter(col(SampleRows.ERROR).isNull());
    if (n.isEmpty()) {
      return samples;
    }
    if (n.getAsLong() < 1) {
      throw new IllegalArgumentException("Cannot select " + n.getAsLong() + " samples");
    }
    return select(samples, n.getAsLong(), SORTED_AT_ONCE, COLLECTED_AT_ONCE);
  }

  static Dataset<Row> select(Dataset<Row> samples, long n, int sortedAtOnce, int collectedAtOnce) {
    Dataset<Row> hashes = samples.select(HASH);
    if (n <= sortedAtOnce) {
      return border(hashes, n, collectedAtOnce)
          .map(border -> below(samples, border))
          .orElse(samples);
    }
    Optional<Bucket> found = bucket(hashes, n);
    if (found.isEmpty()) {
      return samples;
    }
    Bucket bucket = found.get();
    return border(
            hashes.filter(PREFIX.equalTo(bucket.prefix())), n - bucket.before(), collectedAtOnce)
        .map(border -> below(samples, border))
        .orElseGet(() -> samples.filter(PREFIX.leq(bucket.prefix())));
  }

  private static Dataset<Row> below(Dataset<Row> samples, Border border) {
    Dataset<Row> smaller = samples.filter(HASH.lt(border.hash()));
    if (border.equalKept() == 0) {
      return smaller;
    }
    return smaller.union(
        samples
            .filter(HASH.equalTo(border.hash()))
            .orderBy(SampleRows.FILE, ties(samples))
            .limit(border.equalKept()));
  }

  /** By what equal samples of a file differ; rows of a relation have no position. */
  private static String[] ties(Dataset<Row> samples) {
    return LabelColumn.in(samples)
        ? new String[] {SampleRows.ROW, SampleRows.LABEL}
        : new String[] {SampleRows.ROW};
  }

  /** Empty if there are no more than n. */
  private static Optional<Border> border(Dataset<Row> hashes, long n, int collectedAtOnce) {
    Dataset<Row> smallest = hashes.orderBy(HASH).limit(Math.toIntExact(n + 1));
    if (n <= collectedAtOnce) {
      // From one task: otherwise the driver receives so many hashes of every partition, which may
      // be more than spark.driver.maxResultSize.
      return border(smallest.coalesce(1).collectAsList(), n);
    }
    Row last =
        smallest
            .groupBy(HASH)
            .agg(count(lit(1)).as("equal"))
            .agg(max(struct(HASH, col("equal"))), sum(col("equal")))
            .first();
    if (last.isNullAt(0) || last.getLong(1) <= n) {
      return Optional.empty();
    }
    Row group = last.getStruct(0);
    return Optional.of(new Border(lit(group.get(0)), Math.toIntExact(group.getLong(1) - 1)));
  }

  private static Optional<Border> border(List<Row> ascending, long n) {
    if (ascending.size() <= n) {
      return Optional.empty();
    }
    byte[] last = ascending.get(ascending.size() - 1).getAs(0);
    int equal =
        Math.toIntExact(
            ascending.stream().filter(row -> Arrays.equals(last, row.<byte[]>getAs(0))).count());
    return Optional.of(new Border(lit(last), equal - 1));
  }

  /** The bucket with the n-th smallest hash; empty if there are no more than n. */
  private static Optional<Bucket> bucket(Dataset<Row> hashes, long n) {
    List<Row> counts =
        hashes.groupBy(PREFIX.as("prefix")).agg(count(lit(1))).orderBy("prefix").collectAsList();
    long before = 0;
    for (Row row : counts) {
      long here = row.getLong(1);
      if (before + here >= n) {
        return Optional.of(new Bucket(lit(row.get(0)), before));
      }
      before += here;
    }
    return Optional.empty();
  }
}
