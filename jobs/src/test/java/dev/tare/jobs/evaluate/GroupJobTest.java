package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.WeightLevel;
import dev.tare.jobs.input.LocalSpark;
import dev.tare.jobs.model.LevelledRecipe;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.select.SelectJob;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class GroupJobTest {

  @TempDir Path folder;

  private final SparkSession spark = LocalSpark.spark();

  private static List<Row> samples(int n) {
    Random random = new Random(3);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      float[] x = new float[6];
      for (int k = 0; k < x.length; k++) {
        x[k] = (float) random.nextGaussian();
      }
      byte[] encoded = Sample.of(Map.of("x", Tensor.ofFloats(Shape.of(6), x))).encode();
      rows.add(RowFactory.create(Sample.hash(encoded), encoded));
    }
    return rows;
  }

  @Test
  void scoresAreTheSameForAnyTasksShardsAndOrder() throws IOException {
    ModelHandle model =
        ModelHandle.open(
            SmallModels.exportedMlp().write(folder.resolve("model.onnx")), SparkJobs.hadoop(spark));
    RecipeText recipe = RecipeText.open(RecipeOptions.of("int8-weights"), SparkJobs.hadoop(spark));
    TreeMap<String, QuantPlan> plans = new TreeMap<>();
    List<GroupJob.Variant> variants = new ArrayList<>();
    for (WeightLevel level : List.of(WeightLevel.INT4, WeightLevel.INT8)) {
      TreeMap<String, WeightLevel> all = new TreeMap<>();
      LevelledRecipe.weights(model, recipe).forEach(weight -> all.put(weight, level));
      assertThat(all).containsOnlyKeys("w1", "w2");
      plans.put(
          level.word(),
          new SelectJob(spark)
              .run(
                  model,
                  LevelledRecipe.of(recipe, all),
                  new org.apache.hadoop.fs.Path("none"),
                  ""));
      variants.add(new GroupJob.Variant(level.word(), ""));
      all.keySet().forEach(weight -> variants.add(new GroupJob.Variant(level.word(), weight)));
    }
    List<Row> rows = samples(9);
    GroupJob.Measured one = measured(1, model, plans, variants, rows);
    assertThat(one.samples()).isEqualTo(9);
    assertThat(one.output()).isEqualTo("y");
    for (String weight : List.of("w1", "w2", "")) {
      double four = one.scores().get(new GroupJob.Variant("int4", weight)).sqnrDb();
      double eight = one.scores().get(new GroupJob.Variant("int8", weight)).sqnrDb();
      assertThat(eight).as(weight).isBetween(four + 12, 80.0);
    }
    double together = one.scores().get(new GroupJob.Variant("int4", "")).sqnrDb();
    assertThat(together)
        .isLessThan(one.scores().get(new GroupJob.Variant("int4", "w1")).sqnrDb())
        .isLessThan(one.scores().get(new GroupJob.Variant("int4", "w2")).sqnrDb());
    Collections.reverse(rows);
    for (int tasks : List.of(2, 7)) {
      assertThat(measured(tasks, model, plans, variants, rows)).isEqualTo(one);
    }
  }

  @Test
  void oneSampleIsRefused() throws IOException {
    ModelHandle model =
        ModelHandle.open(
            SmallModels.exportedMlp().write(folder.resolve("model.onnx")), SparkJobs.hadoop(spark));
    assertThatThrownBy(() -> measured(1, model, new TreeMap<>(), List.of(), samples(1)))
        .hasMessage(
            "Errors are measured on at least 2 samples, since one says nothing about others; there"
                + " is 1");
  }

  private GroupJob.Measured measured(
      int tasks,
      ModelHandle model,
      SortedMap<String, QuantPlan> plans,
      List<GroupJob.Variant> variants,
      List<Row> rows) {
    return new GroupJob(spark, tasks)
        .run(
            model,
            plans,
            variants,
            GroupJob.samples(
                LocalSpark.table("hash binary, sample binary", rows.toArray(Row[]::new))
                    .repartition(tasks)));
  }
}
