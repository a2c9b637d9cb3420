package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.infer.StatisticsCollector;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.pass.CompensatedProducts.Product;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.Shared;
import dev.tare.jobs.model.Sessions;
import dev.tare.jobs.table.StateRow;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;

/** Finds the extremes of the results of products in the float model, channel by channel. */
final class ReachTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  private final Broadcast<Shared<PairedTask.Sent>> sent;
  private final int threads;

  ReachTask(Broadcast<Shared<PairedTask.Sent>> sent, int threads) {
    this.sent = sent;
    this.threads = threads;
  }

  /** Runs rows of hash and encoded sample; returns rows of {@link StateRow#SCHEMA}. */
  @Override
  public Iterator<Row> call(Iterator<Row> samples) {
    List<Row> rows = new ArrayList<>();
    if (!samples.hasNext()) {
      return rows.iterator();
    }
    PairedTask.Sent own = sent.value().get();
    TreeMap<String, ObserverOptions> options = new TreeMap<>();
    for (Product product : own.products()) {
      options.put(
          product.output(),
          ObserverOptions.ofChannels(ChannelMode.EXTREMES, product.channelAxis()));
    }
    try (SharedInference.Lease lease =
        Sessions.lease(own.plan().floatWith(own.outputs()), InferenceOptions.of(threads))) {
      StatisticsCollector collector = new StatisticsCollector(lease.session(), options, 1);
      samples.forEachRemaining(row -> collector.add(Sample.decode(row.getAs(1))));
      collector.drain().forEachRemaining(block -> rows.add(StateRow.of(block)));
    }
    return rows.iterator();
  }
}
