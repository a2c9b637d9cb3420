package dev.tare.jobs.accuracy;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.Session;
import dev.tare.engine.infer.StatisticsCollector;
import dev.tare.engine.infer.ort.OrtRuntime;
import dev.tare.engine.model.ObservableTensor;
import dev.tare.engine.model.Observation;
import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.observe.ObserverOptions;
import dev.tare.engine.onnx.ExposedOutputs;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.model.OnnxFloatModel;
import dev.tare.engine.plan.ActivationPlanner;
import dev.tare.engine.plan.ScaleStability;
import dev.tare.engine.quant.ExpectedError;
import dev.tare.engine.recipe.Recipe;
import dev.tare.engine.recipe.RecipeParser;
import dev.tare.engine.recipe.TensorQuery;
import dev.tare.engine.statistics.FoldsBlock;
import dev.tare.engine.statistics.Statistics;
import dev.tare.engine.statistics.TensorStatistics;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.law.EngineAlone;
import dev.tare.jobs.law.MiniLm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whether what is said of more samples is true of a real network: of 1,024 definitions through
 * MiniLM, each with statistics of its own, 256 are drawn a thousand times, 128 that are seen, in
 * eight folds, and 128 that come later.
 */
@Tag("extended")
class StabilityCoverageTest {

  private static final int SAMPLES = 1024;
  private static final int SEEN = 128;
  private static final int RESAMPLES = 1000;

  /** Enough for the extremes and a share of them, and quick to add. */
  private static final int MANTISSA_BITS = 5;

  @TempDir static Path folder;

  @Test
  void ofAThousandResamplesTheBoundHoldsInAtLeast95Percent() throws IOException {
    Map<String, List<TensorStatistics>> own = statistics();
    Random random = new Random(19);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < SAMPLES; i++) {
      order.add(i);
    }
    for (String method : List.of("min-max", "percentile-99.99", "mse")) {
      ActivationPlanner planner = new ActivationPlanner(recipe(method));
      ScaleStability stability = new ScaleStability(planner, FoldsBlock.FOLDS);
      List<Double> bounds = new ArrayList<>();
      List<Double> changes = new ArrayList<>();
      int kept = 0;
      for (int resample = 0; resample < RESAMPLES; resample++) {
        Collections.shuffle(order, random);
        // Another tensor in each, so that all are tried.
        int number = resample % own.size();
        String tensor = new ArrayList<>(own.keySet()).get(number);
        List<TensorStatistics> samples = own.get(tensor);
        TensorQuery query = TensorQuery.ofActivation(tensor, List.of("n"), List.of("MatMul"));
        List<List<Integer>> divided = new ArrayList<>();
        for (int fold = 0; fold < FoldsBlock.FOLDS; fold++) {
          divided.add(new ArrayList<>());
        }
        order
            .subList(0, SEEN)
            .forEach(sample -> divided.get(random.nextInt(FoldsBlock.FOLDS)).add(sample));
        List<TensorStatistics> folds = divided.stream().map(which -> sum(samples, which)).toList();
        TensorStatistics before = folds.stream().reduce(TensorStatistics::merge).orElseThrow();
        TensorStatistics after = before.merge(sum(samples, order.subList(SEEN, 2 * SEEN)));
        double bound = stability.changeDb(before, folds, query).orElseThrow();
        double change = change(planner, query, before, after);
        bounds.add(bound);
        changes.add(change);
        kept += change <= bound ? 1 : 0;
      }
      Collections.sort(bounds);
      Collections.sort(changes);
      System.out.printf(
          Locale.ROOT,
          "%s: bound kept in %d of %d; half of the bounds are below %.3f dB, half of the changes"
              + " below %.3f, 95 %% below %.2f and %.2f%n",
          method,
          kept,
          RESAMPLES,
          bounds.get(RESAMPLES / 2),
          changes.get(RESAMPLES / 2),
          bounds.get(RESAMPLES * 95 / 100),
          changes.get(RESAMPLES * 95 / 100));
      assertThat(kept).as(method).isGreaterThanOrEqualTo(RESAMPLES * 95 / 100);
    }
  }

  private static Recipe recipe(String method) throws IOException {
    String text = Files.readString(Path.of("..", "conf", "recipes", "int8.conf"));
    String changes = "\nactivations.method = " + method + "\nguard = off\n";
    return RecipeParser.parse(
        "int8", ConfigFactory.parseString(text + changes), OnnxRuntimeTarget.INSTANCE);
  }

  private static double change(
      ActivationPlanner planner, TensorQuery query, TensorStatistics seen, TensorStatistics all) {
    var values = all.whole().map(Statistics::distribution).orElseThrow();
    double before =
        ExpectedError.of(values, planner.plan(seen, query).channels().params(0)).sqnrDb();
    double after = ExpectedError.of(values, planner.plan(all, query).channels().params(0)).sqnrDb();
    return Math.abs(before - after);
  }

  private static TensorStatistics sum(List<TensorStatistics> samples, List<Integer> which) {
    return which.stream().map(samples::get).reduce(TensorStatistics::merge).orElseThrow();
  }

  /** Of each tensor, the statistics of each sample. */
  private static Map<String, List<TensorStatistics>> statistics() throws IOException {
    OnnxModel model = OnnxModel.read(MiniLm.model());
    SortedMap<String, ObserverOptions> observed = new TreeMap<>();
    for (ObservableTensor tensor :
        Observation.resolve(Observation.CONSTANT_WEIGHT_INPUTS, OnnxFloatModel.of(model))) {
      observed.put(
          tensor.name(),
          new ObserverOptions(MANTISSA_BITS, ChannelMode.NONE, MANTISSA_BITS, OptionalInt.empty()));
    }
    Path exposed = folder.resolve("exposed.onnx");
    Files.write(exposed, ExposedOutputs.expose(model, observed.keySet()).toByteArray());
    Map<String, List<TensorStatistics>> own = new TreeMap<>();
    try (Session session = OrtRuntime.INSTANCE.open(exposed, InferenceOptions.of(1))) {
      for (Sample sample : EngineAlone.tokenize(MiniLm.definitions(SAMPLES))) {
        StatisticsCollector collector = new StatisticsCollector(session, observed, 1);
        collector.add(sample);
        for (TensorStatistics found : collector.finish()) {
          own.computeIfAbsent(found.tensor(), t -> new ArrayList<>()).add(found);
        }
      }
    }
    return own;
  }
}
