package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.LargestMagnitude;
import dev.tare.engine.checkpoint.PlannedTensor;
import dev.tare.engine.checkpoint.WeightScheme;
import dev.tare.jobs.Shared;
import dev.tare.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * Reads the weights of files of the result that will have a scale of the tensor, and returns a row
 * for each with its largest magnitude: weights in other files may share its scale.
 */
final class LargestTask implements MapPartitionsFunction<Long, Row> {

  private static final long serialVersionUID = 1L;

  static final StructType SCHEMA =
      StructType.fromDDL("tensor STRING NOT NULL, largest FLOAT NOT NULL");

  private static final int SLICE_BYTES = 4 << 20;

  private final Broadcast<Shared<Shards>> shards;
  private final HadoopSettings hadoop;

  LargestTask(Broadcast<Shared<Shards>> shards, HadoopSettings hadoop) {
    this.shards = shards;
    this.hadoop = hadoop;
  }

  @Override
  public Iterator<Row> call(Iterator<Long> numbers) throws IOException {
    List<Row> rows = new ArrayList<>();
    byte[] bytes = new byte[SLICE_BYTES];
    Configuration settings = hadoop.configuration();
    Shards all = shards.value().get();
    try (SourceReader reader = new SourceReader(all.byName(), settings)) {
      numbers.forEachRemaining(
          number -> {
            for (PlannedTensor tensor : all.shard(Math.toIntExact(number)).tensors()) {
              if (tensor.scheme().filter(WeightScheme::hasTensorScale).isPresent()) {
                rows.add(RowFactory.create(tensor.source().name(), largest(reader, tensor, bytes)));
              }
            }
          });
    }
    return rows.iterator();
  }

  private static float largest(SourceReader reader, PlannedTensor tensor, byte[] bytes) {
    LargestMagnitude largest = new LargestMagnitude(tensor.source().spec().type());
    try {
      reader.read(tensor.file(), tensor.source(), bytes, largest::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return largest.value();
  }
}
