package dev.tare.jobs.report;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.BudgetPlan;
import dev.tare.jobs.artifact.CompensationTrial;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.PassTrials;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.Stability;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.OperatorOrder;
import dev.tare.jobs.stage.SparkWork;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.Lineage;
import dev.tare.jobs.storage.OpenedRuns;
import dev.tare.jobs.table.PlanStore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Makes an HTML page about a run, only from its artifacts and those of the runs that it was made
 * from. The same artifacts give the same bytes.
 *
 * <p>Executors read histograms and weights. The driver keeps the plan and a few kilobytes for each
 * tensor, and writes the page as a stream.
 */
public final class ReportJob implements SparkWork<Path> {

  /** Columns of a drawing; fewer where thousands of tensors share a page. */
  private static final int COLUMNS = 128;

  static final int COLUMNS_OF_MANY = 40;
  private static final int MANY = 1000;

  /** A larger model is not read only to know the order of its operators. */
  private static final long MOST_MODEL_BYTES = 512L << 20;

  /** Statistics without a plan are checked, and not drawn. */
  private static final QuantPlan NO_PLAN = new QuantPlan("", "", "", List.of());

  private final String run;
  private final Optional<String> compare;
  private final String out;

  /**
   * A page to write.
   *
   * @param run a finished run, of all stages or the last of a chain of single stages
   * @param compare another one to compare it with
   * @param out file of the page; an existing one is replaced
   */
  public ReportJob(String run, Optional<String> compare, String out) {
    this.run = run;
    this.compare = compare;
    this.out = out;
  }

  /**
   * Reads the artifacts, draws the page and writes it to its file.
   *
   * @return its path
   * @throws TareException (bad input) if there is no finished run, or its artifacts are damaged;
   *     (usage) if the page would go into a run's folder
   */
  @Override
  public Path run(SparkSession spark) throws IOException {
    Configuration hadoop = SparkJobs.hadoop(spark);
    PageFile file = PageFile.at(out, hadoop);
    OpenedRuns opened = new OpenedRuns(hadoop);
    RunContent content = read(spark, Lineage.of(run, opened), true);
    Optional<RunContent> other = Optional.empty();
    if (compare.isPresent()) {
      other = Optional.of(read(spark, Lineage.of(compare.get(), opened), false));
    }
    Page page = Page.of(content, other);
    file.write(page::render);
    return file.path();
  }

  private static RunContent read(SparkSession spark, Lineage lineage, boolean drawings)
      throws IOException {
    List<String> missing = new ArrayList<>(lineage.broken());
    Optional<QuantPlan> plan = plan(spark, lineage, missing);
    Optional<Quality> quality = quality(lineage, missing);
    Optional<FinishedRun> statistics = lineage.holding(Part.STATISTICS);
    Optional<FinishedRun> weights = lineage.holding(Part.WEIGHTS);
    Map<String, Spread> spreads = new TreeMap<>();
    Map<String, ChannelSpread> channels = new TreeMap<>();
    Map<String, List<Long>> codes = Map.of();
    List<TensorPlan> tensors = plan.map(QuantPlan::tensors).orElse(List.of());
    int columns = tensors.size() > MANY ? COLUMNS_OF_MANY : COLUMNS;
    if (drawings && statistics.isPresent()) {
      for (DrawnTensor drawn :
          StatisticsScan.of(spark, statistics.get(), plan.orElse(NO_PLAN), columns)) {
        drawn.spread().ifPresent(spread -> spreads.put(drawn.tensor(), spread));
        drawn.channels().ifPresent(spread -> channels.put(drawn.tensor(), spread));
      }
    } else if (drawings) {
      missing.add("There are no statistics, so no distributions of activations.");
    }
    if (drawings && weights.isPresent()) {
      SparkJobs.describe(spark, "report: count the integers of the weights");
      codes = CodeScan.counts(spark, weights.get().verified(Part.WEIGHTS), tensors, columns);
    } else if (drawings) {
      missing.add("There are no quantized weights, so no distributions of weights.");
    }
    SparkJobs.describe(spark, null);
    List<Manifest> manifests = lineage.runs().stream().map(FinishedRun::manifest).toList();
    return new RunContent(
        manifests,
        lineage.runs().get(0).asInput("run").sha256().orElseThrow(),
        plan,
        quality,
        placements(lineage),
        passes(lineage),
        budget(lineage),
        compensation(lineage),
        stability(lineage),
        spreads,
        channels,
        codes,
        drawings ? order(lineage, SparkJobs.hadoop(spark)) : List.of(),
        missing);
  }

  private static Optional<QuantPlan> plan(SparkSession spark, Lineage lineage, List<String> missing)
      throws IOException {
    Optional<FinishedRun> run = lineage.holding(Part.PLAN_JSON);
    if (run.isEmpty()) {
      missing.add("There is no plan, so no table of tensors.");
      return Optional.empty();
    }
    return Optional.of(PlanStore.read(spark, run.get()));
  }

  /** Empty where the quantized model is large or no graph; names are then sorted instead. */
  private static List<String> order(Lineage lineage, Configuration hadoop) throws IOException {
    Optional<FinishedRun> run = lineage.holding(Part.MODEL);
    if (run.isEmpty()
        || run.get().files(Part.MODEL).stream().mapToLong(f -> f.digest().bytes()).sum()
            > MOST_MODEL_BYTES) {
      return List.of();
    }
    Path model = run.get().verifiedModel(ModelHandle.namesInFolders());
    return OperatorOrder.of(model.toString(), hadoop);
  }

  private static Optional<PlacementTrials> placements(Lineage lineage) throws IOException {
    Optional<FinishedRun> run = lineage.holding(Part.PLACEMENTS);
    return run.isPresent() ? Optional.of(run.get().placements()) : Optional.empty();
  }

  private static Optional<PassTrials> passes(Lineage lineage) throws IOException {
    Optional<FinishedRun> run = lineage.holding(Part.PASSES);
    return run.isPresent() ? Optional.of(run.get().passes()) : Optional.empty();
  }

  private static Optional<BudgetPlan> budget(Lineage lineage) throws IOException {
    Optional<FinishedRun> run = lineage.holding(Part.BUDGET);
    return run.isPresent() ? Optional.of(run.get().budget()) : Optional.empty();
  }

  private static Optional<CompensationTrial> compensation(Lineage lineage) throws IOException {
    // Of the run that made the plan: one whose statistics it took may have compensated another.
    Optional<FinishedRun> run =
        lineage.holding(Part.PLAN_JSON).filter(planned -> planned.has(Part.COMPENSATION));
    return run.isPresent() ? Optional.of(run.get().compensation()) : Optional.empty();
  }

  private static Optional<Stability> stability(Lineage lineage) throws IOException {
    Optional<FinishedRun> run = lineage.holding(Part.STABILITY);
    return run.isPresent() ? Optional.of(run.get().stability()) : Optional.empty();
  }

  private static Optional<Quality> quality(Lineage lineage, List<String> missing)
      throws IOException {
    Optional<FinishedRun> run = lineage.holding(Part.QUALITY);
    if (run.isEmpty()) {
      missing.add(
          "There is no evaluation: give a run of all stages, or one of tare evaluate, whose sources"
              + " are followed from there.");
      return Optional.empty();
    }
    return Optional.of(run.get().quality());
  }
}
