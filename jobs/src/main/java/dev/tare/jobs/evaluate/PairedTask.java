package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.SharedInference;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.observe.PairedObserver;
import dev.tare.engine.pass.CompensatedProducts.Product;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.Shared;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.Sessions;
import dev.tare.jobs.table.StateRow;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.commons.io.FileUtils;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;

/**
 * Runs the float and the quantized model on each sample of a partition, and returns one state per
 * block of each product's results. Samples run alone, so states do not depend on batches.
 */
final class PairedTask implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1L;

  /**
   * What every task reads.
   *
   * @param plan of the quantized model
   * @param outputs results of products that both models give out
   * @param products whose results are compared
   * @param exponents of the scales of their channels, by the tensor
   */
  record Sent(
      ShippedPlan plan,
      String planSha256,
      TreeSet<String> outputs,
      ArrayList<Product> products,
      TreeMap<String, List<Integer>> exponents)
      implements Serializable {}

  private final ModelHandle model;
  private final Broadcast<Shared<Sent>> sent;
  private final int threads;

  PairedTask(ModelHandle model, Broadcast<Shared<Sent>> sent, int threads) {
    this.model = model;
    this.sent = sent;
    this.threads = threads;
  }

  /**
   * Compares both models.
   *
   * @param samples rows of hash and encoded sample
   * @return rows of {@link StateRow#SCHEMA}
   */
  @Override
  public Iterator<Row> call(Iterator<Row> samples) {
    if (!samples.hasNext()) {
      return new ArrayList<Row>().iterator();
    }
    Sent own = sent.value().get();
    TreeMap<String, PairedObserver> observers = new TreeMap<>();
    for (Product product : own.products()) {
      observers.put(
          product.output(),
          new PairedObserver(
              product.output(),
              product.channelAxis(),
              own.exponents().get(product.output()),
              own.planSha256()));
    }
    inFolder(
        folder ->
            compare(
                samples,
                own.plan().floatWith(own.outputs()),
                own.plan()
                    .quantizedWith(own.outputs())
                    .writeLocal(folder, model.path().getParent()),
                observers));
    List<Row> rows = new ArrayList<>();
    observers
        .values()
        .forEach(observer -> observer.blocks().forEachRemaining(b -> rows.add(StateRow.of(b))));
    return rows.iterator();
  }

  private void compare(
      Iterator<Row> samples,
      ModelFile expected,
      ModelFile actual,
      SortedMap<String, PairedObserver> observers) {
    List<String> outputs = List.copyOf(observers.keySet());
    InferenceOptions options = InferenceOptions.of(threads);
    // Every round runs the float model, which stays open.
    try (SharedInference.Lease reference = Sessions.lease(expected, options);
        Session quantized = Sessions.open(actual, options)) {
      Runner first = reference.session().runner(outputs);
      Runner second = quantized.runner(outputs);
      while (samples.hasNext()) {
        Row row = samples.next();
        boolean half = SamplePart.of(row.getAs(0)) == SamplePart.SECOND;
        List<Sample> sample = List.of(Sample.decode(row.getAs(1)));
        first.run(sample, (tensor, floats, shape) -> observers.get(tensor).expect(floats, shape));
        second.run(
            sample, (tensor, floats, shape) -> observers.get(tensor).observe(floats, shape, half));
      }
    }
  }

  /** Work with a folder that ends with it. */
  interface InFolder {
    void run(Path folder) throws IOException;
  }

  static void inFolder(InFolder work) {
    try {
      Path folder = Files.createTempDirectory("tare-pairs");
      try {
        work.run(folder);
      } finally {
        FileUtils.deleteDirectory(folder.toFile());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write a model to compare", e);
    }
  }
}
