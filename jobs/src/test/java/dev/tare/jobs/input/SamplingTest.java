package dev.tare.jobs.input;

import static dev.tare.jobs.input.LocalSpark.hashes;
import static dev.tare.jobs.input.LocalSpark.table;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.tensor.Sample;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class SamplingTest {

  /** Rows 0..n-1 of which neighbours are equal, and one bad row. */
  private static Dataset<Row> rows(int n, int copies) {
    Row[] rows = new Row[n + 1];
    for (int i = 0; i < n; i++) {
      byte[] content = {(byte) (i / copies), (byte) ((i / copies) >> 8)};
      rows[i] = RowFactory.create("f", (long) i, null, null, Sample.hash(content), "key", content);
    }
    rows[n] = RowFactory.create("f", (long) n, "bad", "null", null, null, null);
    return table(SampleRows.schema().toDDL(), rows);
  }

  private static List<String> smallest(Dataset<Row> rows, int n) {
    List<String> all = hashes(rows.filter("error is null"));
    return all.subList(0, Math.min(n, all.size()));
  }

  @Test
  void takesTheSmallestHashesWithDuplicatesAtTheBorder() {
    for (int copies : new int[] {1, 3}) {
      Dataset<Row> rows = rows(100, copies);
      for (int n : new int[] {1, 2, 3, 50, 99, 100, 101, 1000}) {
        assertThat(hashes(Sampling.select(rows, OptionalLong.of(n))))
            .as("%d of 100 with %d copies", n, copies)
            .isEqualTo(smallest(rows, n));
      }
    }
  }

  @Tag("slow")
  @Test
  void countsByPrefixAndAggregationFindTheSameBorder() {
    Dataset<Row> rows = rows(300, 4);
    Dataset<Row> samples = rows.filter("error is null");
    for (int n : new int[] {1, 7, 128, 299, 300, 301}) {
      for (int sortedAtOnce : new int[] {0, 1000}) {
        assertThat(hashes(Sampling.select(samples, n, sortedAtOnce, 0)))
            .as("n = %d, %d sorted at once", n, sortedAtOnce)
            .isEqualTo(smallest(rows, n));
      }
    }
  }

  @Test
  void withoutNumberEverySampleIsTakenAndNoBadRow() {
    assertThat(Sampling.select(rows(10, 1), OptionalLong.empty()).count()).isEqualTo(10);
    assertThatThrownBy(() -> Sampling.select(rows(1, 1), OptionalLong.of(0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot select 0 samples");
  }

  @Test
  void columnAndMethodHoldOutTheSameSamples() {
    for (double fraction : new double[] {0, 0.2, 0.5, 0.999}) {
      HashSplit split = new HashSplit(fraction);
      Dataset<Row> samples = rows(1000, 1).filter("error is null");
      List<String> byColumn = hashes(samples.filter(split.heldOut(functions.col("hash"))));
      List<String> byMethod =
          hashes(samples).stream()
              .filter(hash -> split.heldOut(HexFormat.of().parseHex(hash)))
              .toList();
      assertThat(byColumn).isEqualTo(byMethod);
      assertThat(byColumn.size() / 1000.0).isCloseTo(fraction, within(0.05));
    }
  }

  @Test
  void splitIsIndependentOfTheSmallestHashes() {
    Random random = new Random(7);
    byte[][] hashes = new byte[20_000][32];
    for (byte[] hash : hashes) {
      random.nextBytes(hash);
    }
    Arrays.sort(hashes, Arrays::compareUnsigned);
    long heldOut = Arrays.stream(hashes).limit(5_000).filter(HashSplit.DEFAULT::heldOut).count();
    assertThat(heldOut / 5_000.0).isCloseTo(0.2, within(0.02));
  }

  @Test
  void shareOutsideTheUnitIntervalIsRefused() {
    assertThatThrownBy(() -> new HashSplit(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid held-out share 1.0: not in [0, 1)");
  }
}
