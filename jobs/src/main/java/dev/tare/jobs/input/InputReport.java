package dev.tare.jobs.input;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.octet_length;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Exact counts of a data set, from the data itself: retries and lost executors cannot change them.
 *
 * @param uri the data, as it was given
 * @param rows all rows seen
 * @param samples rows that are samples
 * @param heldOut those of them that {@link HashSplit#DEFAULT} holds out
 * @param skipped rows left out that are not bad, by reason
 * @param bad rows refused, by reason
 * @param first for each reason of either kind, the row with the smallest (file, row)
 * @param rowsPerFile rows seen by file
 * @param content what the samples are, as a multiset
 */
public record InputReport(
    String uri,
    long rows,
    long samples,
    long heldOut,
    SortedMap<Reason, Long> skipped,
    SortedMap<Reason, Long> bad,
    SortedMap<Reason, Offender> first,
    SortedMap<String, Long> rowsPerFile,
    Content content) {

  /**
   * A multiset of samples in two numbers: equal multisets have equal ones, others hardly ever.
   *
   * @param hashes the sum of 64 bits of the hash of each sample
   * @param bytes the length of all samples, as encoded
   */
  public record Content(BigDecimal hashes, long bytes) {

    private static final Content NONE = new Content(BigDecimal.ZERO, 0);

    private Content plus(Row group, int first) {
      return group.isNullAt(first)
          ? this
          : new Content(hashes.add(group.getDecimal(first)), bytes + group.getLong(first + 1));
    }
  }

  /**
   * A row that is not a sample.
   *
   * @param row 0-based; empty for an image
   * @param error what is wrong with it
   */
  public record Offender(String file, OptionalLong row, String error) {

    private static final Comparator<Offender> ORDER =
        Comparator.comparing(Offender::file)
            .thenComparingLong(offender -> offender.row().orElse(-1))
            .thenComparing(Offender::error);

    /** The error comes first, since readers look for it. */
    private String describe(long count, Reason reason) {
      return "%s (%d %s, first: %s)".formatted(error, count, reason.id(), place());
    }

    private String place() {
      return row.isPresent() ? file + ", row " + row.getAsLong() : file;
    }

    @Override
    public String toString() {
      return place() + ": " + error;
    }
  }

  public InputReport {
    skipped = Collections.unmodifiableSortedMap(new TreeMap<>(skipped));
    bad = Collections.unmodifiableSortedMap(new TreeMap<>(bad));
    first = Collections.unmodifiableSortedMap(new TreeMap<>(first));
    rowsPerFile = Collections.unmodifiableSortedMap(new TreeMap<>(rowsPerFile));
  }

  /** Counts the table of {@link SampleRows}: one job, at most one line per file and reason back. */
  static InputReport of(String uri, Dataset<Row> table) {
    long samples = 0;
    long heldOut = 0;
    SortedMap<Reason, Long> skipped = new TreeMap<>();
    SortedMap<Reason, Long> bad = new TreeMap<>();
    SortedMap<Reason, Offender> first = new TreeMap<>();
    SortedMap<String, Long> rowsPerFile = new TreeMap<>();
    Content content = Content.NONE;
    for (Row group : groups(table).collectAsList()) {
      String file = group.getString(0);
      long count = group.getLong(2);
      rowsPerFile.merge(file, count, Long::sum);
      if (group.isNullAt(1)) {
        samples += count;
        heldOut += group.getLong(4);
        content = content.plus(group, 5);
        continue;
      }
      Reason reason = Reason.parse(group.getString(1));
      (reason.skipped() ? skipped : bad).merge(reason, count, Long::sum);
      first.merge(reason, offender(file, group.getStruct(3)), InputReport::earlier);
    }
    long rows = rowsPerFile.values().stream().mapToLong(Long::longValue).sum();
    return new InputReport(uri, rows, samples, heldOut, skipped, bad, first, rowsPerFile, content);
  }

  private static Dataset<Row> groups(Dataset<Row> table) {
    return table
        .groupBy(SampleRows.FILE, SampleRows.ERROR_REASON)
        .agg(
            count(lit(1)),
            min(struct(col(SampleRows.ROW), col(SampleRows.ERROR))),
            count(when(HashSplit.DEFAULT.heldOut(col(SampleRows.HASH)), lit(1))),
            sum(xxhash64(content(table)).cast("decimal(20,0)")),
            sum(octet_length(col(SampleRows.SAMPLE)).cast("bigint")));
  }

  /** Where labels are read, another label is another content. */
  private static Column[] content(Dataset<Row> table) {
    return LabelColumn.in(table)
        ? new Column[] {col(SampleRows.HASH), col(SampleRows.LABEL)}
        : new Column[] {col(SampleRows.HASH)};
  }

  private static Offender offender(String file, Row row) {
    OptionalLong position =
        row.isNullAt(0) ? OptionalLong.empty() : OptionalLong.of(row.getLong(0));
    return new Offender(file, position, row.getString(1));
  }

  private static Offender earlier(Offender a, Offender b) {
    return Offender.ORDER.compare(a, b) <= 0 ? a : b;
  }

  /** All rows refused. */
  public long badRows() {
    return bad.values().stream().mapToLong(Long::longValue).sum();
  }

  /** All rows skipped. */
  public long skippedRows() {
    return skipped.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Refuses data with too many bad rows or without samples.
   *
   * @param maxBadRows rows that may be bad
   * @throws InputException if more are, or if no row is a sample
   */
  public void check(long maxBadRows) {
    if (badRows() > maxBadRows) {
      throw new InputException(
          "%d of %d rows of %s do not fit (--max-bad-rows %d): %s"
              .formatted(badRows(), rows, uri, maxBadRows, list(bad)));
    }
    if (samples == 0) {
      String why = rows == 0 ? "has no rows" : "has no samples among %d rows".formatted(rows);
      SortedMap<Reason, Long> all = new TreeMap<>(skipped);
      all.putAll(bad);
      throw new InputException(
          "No data: " + uri + " " + why + (all.isEmpty() ? "" : ": " + list(all)));
    }
  }

  private String list(SortedMap<Reason, Long> counts) {
    return counts.entrySet().stream()
        .map(entry -> first.get(entry.getKey()).describe(entry.getValue(), entry.getKey()))
        .collect(Collectors.joining("; "));
  }

  /**
   * Compares with the rows that footers or the listing promised.
   *
   * @param expected rows by file; empty to compare nothing
   * @throws InputException naming the first file of which more or fewer rows were seen
   */
  void checkSeen(SortedMap<String, Long> expected) {
    for (Map.Entry<String, Long> entry : expected.entrySet()) {
      long seen = rowsPerFile.getOrDefault(entry.getKey(), 0L);
      if (seen != entry.getValue()) {
        throw new InputException(
            "Cannot trust %s: it has %d rows but Spark read %d"
                .formatted(entry.getKey(), entry.getValue(), seen));
      }
    }
  }

  /**
   * Compares with another reading of the same relation.
   *
   * @throws InputException if it had other rows
   */
  void requireSame(InputReport again) {
    boolean same =
        rows == again.rows
            && skipped.equals(again.skipped)
            && bad.equals(again.bad)
            && content.equals(again.content);
    if (!same) {
      String counts =
          rows == again.rows ? "%d rows each time".formatted(rows) : rows + ", then " + again.rows;
      throw new InputException(
          "The data changed during the run: %s gave other rows when it was read again (%s); write its rows to a table or to Parquet and name that, or remove what is random in it"
              .formatted(uri, counts));
    }
  }
}
