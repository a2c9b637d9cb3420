package dev.tare.jobs.evaluate;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.Shared;
import dev.tare.jobs.model.ModelHandle;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Runs variants by number, shard by shard; one row per variant and sample comes out. */
final class GroupTask implements MapPartitionsFunction<Long, Row> {

  private static final long serialVersionUID = 1L;

  static final StructType SCHEMA =
      new StructType()
          .add("variant", DataTypes.IntegerType, false)
          .add("sample", DataTypes.IntegerType, false)
          .add("count", DataTypes.LongType, false)
          .add("signal", DataTypes.DoubleType, false)
          .add("other", DataTypes.DoubleType, false)
          .add("product", DataTypes.DoubleType, false)
          .add("noise", DataTypes.DoubleType, false);

  /**
   * What every task reads: plans by name, variants as plan and weight, and encoded samples, of
   * which every {@code shards}-th belongs to one shard.
   */
  record Sent(
      TreeMap<String, ShippedPlan> plans,
      ArrayList<String[]> variants,
      ArrayList<byte[]> samples,
      int shards)
      implements Serializable {}

  /** A plan and its integers, which are kept while its variants are made. */
  private record Whole(
      String name, ShippedPlan shipped, QuantPlan plan, Map<String, ByteBuffer> codes) {}

  private final ModelHandle model;
  private final Broadcast<Shared<Sent>> sent;
  private final String output;
  private final boolean pooled;
  private final int threads;

  GroupTask(
      ModelHandle model, Broadcast<Shared<Sent>> sent, String output, boolean pooled, int threads) {
    this.model = model;
    this.sent = sent;
    this.output = output;
    this.pooled = pooled;
    this.threads = threads;
  }

  @Override
  public Iterator<Row> call(Iterator<Long> numbers) {
    List<Row> rows = new ArrayList<>();
    Sent own = sent.value().get();
    Map<Integer, List<SampleOutput>> expected = new HashMap<>();
    Whole whole = null;
    while (numbers.hasNext()) {
      long number = numbers.next();
      int variant = (int) (number / own.shards());
      int shard = (int) (number % own.shards());
      VariantRuns runs = new VariantRuns(model, output, pooled, shard(own, shard), threads);
      List<SampleOutput> floats = expected.computeIfAbsent(shard, key -> runs.of(model.file()));
      String name = own.variants().get(variant)[0];
      if (whole == null || !whole.name().equals(name)) {
        whole = whole(name, own.plans().get(name));
      }
      QuantPlan part = only(whole.plan(), own.variants().get(variant)[1]);
      List<SampleOutput> actual = runs.of(whole.shipped().quantized(part, whole.codes()));
      for (int i = 0; i < actual.size(); i++) {
        QuantError error = SampleComparison.of(floats.get(i), actual.get(i)).error();
        rows.add(row(variant, i * own.shards() + shard, error));
      }
    }
    return rows.iterator();
  }

  private static Whole whole(String name, ShippedPlan shipped) {
    QuantPlan plan = shipped.plan();
    return new Whole(name, shipped, plan, shipped.codes(plan));
  }

  private static List<byte[]> shard(Sent own, int shard) {
    List<byte[]> samples = new ArrayList<>();
    for (int i = shard; i < own.samples().size(); i += own.shards()) {
      samples.add(own.samples().get(i));
    }
    return samples;
  }

  /**
   * The plan with no other operators than the readers of one weight.
   *
   * @param weight "" for the whole plan
   */
  static QuantPlan only(QuantPlan whole, String weight) {
    if (weight.isEmpty()) {
      return whole;
    }
    Set<String> others = new TreeSet<>(whole.operators());
    whole.find(weight, Role.WEIGHT).map(TensorPlan::consumers).ifPresent(others::removeAll);
    QuantPlan part = whole;
    for (String operator : others) {
      part = part.without(operator);
    }
    return part;
  }

  private static Row row(int variant, int sample, QuantError error) {
    return RowFactory.create(
        variant,
        sample,
        error.count(),
        error.signal(),
        error.other(),
        error.product(),
        error.noise());
  }
}
