package dev.tare.jobs.table;

import dev.tare.engine.plan.TensorPlan;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Reads quantized constants back from their table. */
public final class WeightStore {

  private WeightStore() {}

  /**
   * Reads the integers of every constant, a slice at a time, so that they need not fit the driver's
   * heap; runs no job.
   *
   * @param folder the table of slices
   * @param constants their plans
   * @param memory returns a zeroed buffer of a given size for each constant
   * @throws TareException (bad input) if the table has other constants than these, or not each of
   *     their bytes exactly once
   */
  public static Map<ConstantKey, ByteBuffer> read(
      Configuration hadoop, Path folder, List<TensorPlan> constants, IntFunction<ByteBuffer> memory)
      throws IOException {
    Map<ConstantKey, ByteBuffer> codes = new HashMap<>();
    Map<ConstantKey, SliceCover> covers = new LinkedHashMap<>();
    for (TensorPlan plan : constants) {
      codes.put(ConstantKey.of(plan), memory.apply(Math.toIntExact(WeightTables.bytes(plan))));
      covers.put(ConstantKey.of(plan), new SliceCover(plan));
    }
    LocalParquet.forEach(
        folder,
        WeightTables.WEIGHTS_SCHEMA,
        hadoop,
        row -> {
          ConstantKey key = WeightTables.key(row, folder);
          if (!covers.containsKey(key)) {
            throw TareException.badInput(
                "The table of weights in %s has '%s' as %s, which is not in the plan"
                    .formatted(folder, key.tensor(), key.role().name().toLowerCase(Locale.ROOT)));
          }
          covers.get(key).add(row);
          codes
              .get(key)
              .put(
                  Math.toIntExact(row.getLong(WeightTables.at("offset"))),
                  row.<byte[]>getAs(WeightTables.at("data")));
        });
    covers.values().forEach(SliceCover::requireWhole);
    return codes;
  }
}
