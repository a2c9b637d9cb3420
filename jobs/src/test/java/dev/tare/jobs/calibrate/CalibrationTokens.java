package dev.tare.jobs.calibrate;

import dev.tare.engine.tensor.Sample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * The samples that Tare and its peers are measured on, in a folder: {@code tokens.bin} with 128
 * little-endian int64 a sample, and Parquet of its first n samples for each n.
 */
record CalibrationTokens(Path folder) {

  private static final int TOKENS = 128;
  private static final String SCHEMA =
      "input_ids array<bigint>, attention_mask array<bigint>, token_type_ids array<bigint>";

  Path table(int samples) {
    return folder.resolve("tokens-" + samples + ".parquet");
  }

  private Path file() {
    return folder.resolve("tokens.bin");
  }

  /** Writes as many samples as the largest table has, and a table for each number. */
  void write(SparkSession spark, Path assets, List<Integer> tables) throws IOException {
    int most = Collections.max(tables);
    List<Sample> samples = BenchmarkSamples.joined(assets, most);
    if (samples.size() < most) {
      throw new IllegalArgumentException(
          "Cannot make %d samples: WordNet gives %d".formatted(most, samples.size()));
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(most * TOKENS * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    samples.forEach(sample -> ids(sample).forEach(bytes::putLong));
    Files.write(file(), bytes.array());
    List<Row> rows = samples.stream().map(CalibrationTokens::row).toList();
    for (int count : tables) {
      spark
          .createDataFrame(rows.subList(0, count), StructType.fromDDL(SCHEMA))
          .coalesce(1)
          .write()
          .mode(SaveMode.Overwrite)
          .parquet(table(count).toString());
    }
  }

  private static Row row(Sample sample) {
    List<Long> ids = ids(sample);
    return RowFactory.create(
        ids, Collections.nCopies(ids.size(), 1L), Collections.nCopies(ids.size(), 0L));
  }

  private static List<Long> ids(Sample sample) {
    LongBuffer longs = sample.inputs().get("input_ids").bytes().asLongBuffer();
    List<Long> ids = new ArrayList<>();
    while (longs.hasRemaining()) {
      ids.add(longs.get());
    }
    return ids;
  }

  /** The first samples, as they were written. */
  List<List<Sample>> batches(int samples, int batchSize) throws IOException {
    LongBuffer longs =
        ByteBuffer.wrap(Files.readAllBytes(file())).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
    List<List<Sample>> batches = new ArrayList<>();
    for (int first = 0; first < samples; first += batchSize) {
      List<Sample> batch = new ArrayList<>();
      for (int i = first; i < Math.min(samples, first + batchSize); i++) {
        long[] ids = new long[TOKENS];
        longs.get(ids);
        batch.add(BenchmarkSamples.sample(ids));
      }
      batches.add(batch);
    }
    return batches;
  }
}
