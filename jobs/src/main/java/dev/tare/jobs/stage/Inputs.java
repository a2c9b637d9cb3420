package dev.tare.jobs.stage;

import dev.tare.engine.recipe.DefaultRecipe;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.input.DataOptions;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.OpenedRuns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/**
 * Models, data and runs that one command reads, each opened once: the manifest names what was read,
 * even if other files are there when the work is done. Not thread-safe; confined to the driver.
 */
public final class Inputs implements AutoCloseable {

  private final SparkSession spark;
  private final Configuration hadoop;
  private final Consumer<String> console;
  private final OpenedRuns runs;
  private final Map<String, ModelHandle> models = new LinkedHashMap<>();
  private final Map<RecipeOptions, RecipeText> recipes = new LinkedHashMap<>();
  private final Map<ModelHandle, DefaultRecipe> defaults = new HashMap<>();
  private final List<ModelHandle> others = new ArrayList<>();
  private final Map<DataOptions, StageData> data = new LinkedHashMap<>();
  private final List<String> warnings = new ArrayList<>();

  /**
   * @param console receives messages for the user
   */
  public Inputs(SparkSession spark, Consumer<String> console) {
    this.spark = spark;
    this.hadoop = SparkJobs.hadoop(spark);
    this.console = console;
    this.runs = new OpenedRuns(hadoop);
  }

  public SparkSession spark() {
    return spark;
  }

  public Configuration hadoop() {
    return hadoop;
  }

  public OpenedRuns runs() {
    return runs;
  }

  /**
   * Returns a float model; the first call prints its warnings.
   *
   * @throws TareException as {@link ModelHandle#open} does
   */
  public ModelHandle model(String location) throws IOException {
    ModelHandle model = models.get(location);
    if (model == null) {
      model = ModelHandle.open(location, hadoop);
      models.put(location, model);
      for (String warning : model.warnings()) {
        warn("model %s: %s".formatted(model.files().fileName(), warning));
      }
    }
    return model;
  }

  /**
   * Returns a recipe for a model, read once; the first call says which one the graph chose.
   *
   * @throws TareException as {@link RecipeOptions#of(ModelHandle)} and {@link RecipeText#open} do
   */
  public RecipeText recipe(RecipeOptions options, ModelHandle model) throws IOException {
    RecipeText known = recipes.get(options);
    if (known == null) {
      known = RecipeText.open(chosen(options.of(model), model), hadoop);
      recipes.put(options, known);
    }
    return known;
  }

  private RecipeOptions chosen(RecipeOptions options, ModelHandle model) {
    if (!options.automatic()) {
      return options;
    }
    DefaultRecipe chosen = defaults.get(model);
    if (chosen == null) {
      chosen = DefaultRecipe.of(model.prepared().graph());
      defaults.put(model, chosen);
      console.accept(
          "Recipe %s, chosen by what the model has: %s. --recipe names another."
              .formatted(chosen.name(), chosen.reason()));
    }
    return options.named(chosen.name());
  }

  /** Adds a model that was opened elsewhere, so that it is also checked at the end. */
  public ModelHandle hold(ModelHandle model) {
    others.add(model);
    return model;
  }

  /** Opens the model of a finished run. */
  public ModelHandle quantizedModel(FinishedRun run) throws IOException {
    return hold(EarlierRuns.quantizedModel(run, hadoop));
  }

  /**
   * Returns data for a model, independent of the number of rows used; the first call prints how it
   * is read.
   *
   * @throws TareException as {@link StageData#open} does
   */
  public StageData data(ModelHandle model, DataOptions options) throws IOException {
    DataOptions all = options.withSamples(OptionalInt.empty());
    StageData known = data.get(all);
    if (known == null) {
      known = StageData.open(spark, model, all);
      data.put(all, known);
      known.note().ifPresent(console);
    }
    return known;
  }

  /**
   * Checks that no input has changed since it was opened. Cost: one read of the models and the
   * tokenizer.
   *
   * @throws TareException (bad input) if anything has changed
   */
  public void requireUnchanged() throws IOException {
    for (StageData each : data.values()) {
      each.requireAllUnchanged();
    }
    for (ModelHandle model : models.values()) {
      model.files().requireUnchanged(hadoop);
    }
    for (ModelHandle model : others) {
      model.files().requireUnchanged(hadoop);
    }
  }

  /** Prints a warning, and records it for the manifest. */
  public void warn(String warning) {
    warnings.add(warning);
    console.accept("Warning: " + warning);
  }

  /** Returns the warnings, for the manifest. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  @Override
  public void close() {
    data.values().forEach(StageData::close);
  }
}
