package dev.tare.jobs.report;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.Printable;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.PassTrials;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.artifact.Stability;
import dev.tare.jobs.artifact.TargetQuality;
import dev.tare.jobs.console.PassTable;
import dev.tare.jobs.console.PlacementTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;

/** The figures that show a run's quality, and the facts that identify it. */
final class Numbers {

  /** Scales that are listed of those that depend on the samples. */
  private static final int MOST_CHANGES = 5;

  private Numbers() {}

  /** One figure: its text, and its value if the figures of two runs can be subtracted. */
  private record Figure(String name, String text, String note, OptionalDouble value, int digits) {}

  /** The figures that come first on the page. */
  static List<Fact> tiles(RunContent run) {
    return figures(run).stream().map(f -> new Fact(f.name(), f.text(), f.note())).toList();
  }

  static List<Comparison.Pair> sideBySide(RunContent here, RunContent there) {
    List<Comparison.Pair> pairs = new ArrayList<>();
    List<Figure> others = figures(there);
    for (Figure mine : figures(here)) {
      Optional<Figure> its = others.stream().filter(f -> f.name().equals(mine.name())).findFirst();
      String change = "";
      if (its.isPresent() && mine.value().isPresent() && its.get().value().isPresent()) {
        double difference = mine.value().getAsDouble() - its.get().value().getAsDouble();
        change = difference == 0 ? "the same" : Figures.signed(difference, mine.digits());
      }
      pairs.add(
          new Comparison.Pair(
              mine.name(), mine.text(), its.map(Figure::text).orElse("not there"), change));
    }
    for (String key : List.of("recipe", "samples calibrated", "content-sha256", "Tare")) {
      String mine = fact(here, key);
      String its = fact(there, key);
      pairs.add(
          new Comparison.Pair(
              key, shortened(mine), shortened(its), mine.equals(its) ? "the same" : "differs"));
    }
    return pairs;
  }

  private static String fact(RunContent run, String name) {
    return facts(run).stream()
        .filter(f -> f.name().equals(name))
        .map(Fact::value)
        .findFirst()
        .orElse("not there");
  }

  private static String shortened(String text) {
    return text.length() == 64 ? text.substring(0, 12) + "…" : text;
  }

  private static List<Figure> figures(RunContent run) {
    List<Figure> figures = new ArrayList<>();
    run.quality()
        .flatMap(quality -> Quality.headline(quality.outputs()))
        .ifPresent(
            output -> {
              String which = output.name() + (output.pooled() ? ", pooled" : "");
              figures.add(
                  figure(
                      "cosine, mean",
                      Figures.cosine(output.cosineMean()),
                      which,
                      output.cosineMean(),
                      5));
              figures.add(
                  figure(
                      "cosine, minimum",
                      Figures.cosine(output.cosineMin()),
                      "of the worst sample",
                      output.cosineMin(),
                      5));
              figures.add(
                  figure("SQNR", Figures.db(output.sqnrDb()) + " dB", which, output.sqnrDb(), 2));
            });
    run.quality().flatMap(Quality::target).ifPresent(measured -> target(measured, figures));
    run.quality().ifPresent(quality -> agreements(quality, figures));
    Optional<Long> after = run.bytes(Part.MODEL);
    Optional<Long> before = run.floatModelBytes();
    if (after.isPresent()) {
      figures.add(
          new Figure(
              "model",
              Figures.bytes(after.get()),
              before
                  .map(
                      b ->
                          "from %s, %s of it"
                              .formatted(
                                  Figures.bytes(b), Figures.percent((double) after.get() / b)))
                  .orElse(""),
              OptionalDouble.empty(),
              0));
    }
    run.quality()
        .ifPresent(
            quality -> {
              quality.latency().ifPresent(measured -> figures.add(latency(measured)));
              if (quality.latency().isEmpty() && !Double.isNaN(quality.timeRatio())) {
                figures.add(
                    new Figure(
                        "time",
                        "×" + String.format(java.util.Locale.ROOT, "%.2f", quality.timeRatio()),
                        "of the float model's, on the executors",
                        OptionalDouble.empty(),
                        0));
              }
              figures.add(
                  new Figure(
                      "samples evaluated",
                      Figures.count(quality.samples()),
                      "",
                      OptionalDouble.empty(),
                      0));
            });
    run.plan().ifPresent(plan -> figures.add(quantized(plan)));
    return figures;
  }

  private static Figure latency(Latency measured) {
    return new Figure(
        "latency",
        "×" + String.format(java.util.Locale.ROOT, "%.2f", measured.ratio()),
        String.format(
            java.util.Locale.ROOT,
            "of the float model's, 95 %%: %.2f to %.2f; %s, batches of %s, %s",
            measured.low(),
            measured.high(),
            measured.runtime(),
            Figures.count(measured.batch()),
            measured.shapes()),
        OptionalDouble.empty(),
        0);
  }

  private static void target(TargetQuality measured, List<Figure> figures) {
    measured
        .outputs()
        .forEach(
            output ->
                figures.add(
                    figure(
                        "SQNR in " + measured.target(),
                        Figures.db(output.measuredSqnrDb()) + " dB",
                        "%s; predicted %s dB, by %s"
                            .formatted(
                                output.name(),
                                Figures.db(output.predictedSqnrDb()),
                                measured.runtime()),
                        output.measuredSqnrDb(),
                        2)));
    measured
        .kernels()
        .ifPresent(
            kernels ->
                figures.add(
                    new Figure(
                        "integer products",
                        kernels.integer() + " of " + kernels.all(),
                        "in " + measured.target(),
                        OptionalDouble.empty(),
                        0)));
  }

  private static void agreements(Quality quality, List<Figure> figures) {
    quality.outputs().stream()
        .map(output -> new OutputView(output, quality))
        .filter(view -> view.sameClass().isPresent())
        .findFirst()
        .ifPresent(
            view -> {
              double share = view.sameClass().get();
              figures.add(
                  figure(
                      "same class",
                      Figures.percent(share),
                      "largest value of " + view.output().name(),
                      100 * share,
                      2));
            });
    quality
        .nearestNeighbour()
        .ifPresent(
            share ->
                figures.add(
                    figure(
                        "same neighbour",
                        Figures.percent(share),
                        "nearest other sample",
                        100 * share,
                        2)));
  }

  private static Figure quantized(QuantPlan plan) {
    int activations = plan.quantized(Role.ACTIVATION).size();
    int weights = plan.quantized(Role.WEIGHT).size();
    int biases = plan.quantized(Role.BIAS).size();
    int total = activations + weights + biases;
    return new Figure(
        "tensors quantized",
        Figures.count(total),
        "%d activations, %d weights, %d biases; %d stay float"
            .formatted(activations, weights, biases, plan.tensors().size() - total),
        OptionalDouble.empty(),
        0);
  }

  private static Figure figure(String name, String text, String note, double value, int digits) {
    return new Figure(
        name,
        text,
        note,
        Double.isFinite(value) ? OptionalDouble.of(value) : OptionalDouble.empty(),
        digits);
  }

  /** The run's identity and its sources. */
  static List<Fact> facts(RunContent run) {
    List<Fact> facts = new ArrayList<>();
    for (Manifest manifest : run.manifests()) {
      facts.add(
          new Fact(
              "run",
              manifest.runId(),
              "%s; Tare %s, %s"
                  .formatted(
                      String.join(", ", manifest.stages()),
                      manifest.tareVersion(),
                      manifest.created())));
    }
    run.input("model")
        .ifPresent(
            model ->
                facts.add(
                    new Fact(
                        "model",
                        name(model.uri().getPath()),
                        model.sha256().map("sha256 "::concat).orElse(""))));
    run.facts(RunFacts::selection)
        .ifPresent(
            plan -> {
              facts.add(Fact.of("recipe", plan.recipe()));
              facts.add(Fact.of("target", plan.target()));
              plan.placement().ifPresent(name -> facts.add(Fact.of("placement", name)));
            });
    run.stability().ifPresent(stability -> stable(stability, facts));
    run.passes().ifPresent(trials -> trials(trials, facts));
    run.placements().ifPresent(trials -> trials(trials, facts));
    Optional<CalibrationFacts> calibration = run.facts(RunFacts::calibration);
    calibration.ifPresent(
        known -> {
          facts.add(Fact.of("samples calibrated", Figures.count(known.samples())));
          facts.add(Fact.of("content-sha256", known.contentSha256()));
          known.gram().ifPresent(gram -> facts.add(products(gram)));
        });
    facts.add(Fact.of("manifest sha256", run.manifestSha256()));
    run.quality().ifPresent(q -> facts.add(Fact.of("evaluated on", q.heldOut())));
    calibration.ifPresent(
        known ->
            known
                .conditions()
                .runtime()
                .forEach(version -> facts.add(Fact.of("ONNX Runtime", version))));
    facts.add(Fact.of("Tare", run.manifest().tareVersion()));
    TreeSet<String> cpus = new TreeSet<>();
    run.quality().ifPresent(q -> cpus.addAll(q.cpus()));
    if (cpus.isEmpty()) {
      calibration.ifPresent(known -> cpus.addAll(known.cpus()));
    }
    cpus.forEach(cpu -> facts.add(Fact.of("processor", cpu)));
    return facts;
  }

  private static Fact products(CalibrationFacts.Gram gram) {
    return new Fact(
        "Gram matrices",
        Figures.count(gram.samples()) + " samples",
        gram.diagonal().isEmpty() ? "" : "only the diagonal of " + Printable.list(gram.diagonal()));
  }

  /** What more samples are good for, and the scales that depend most on them. */
  private static void stable(Stability stability, List<Fact> facts) {
    facts.add(Fact.of("more samples", stability.sentence()));
    stability.tensors().stream()
        .sorted(Comparator.comparingDouble(Stability.Change::db).reversed())
        .limit(MOST_CHANGES)
        .filter(change -> change.db() > 0)
        .forEach(
            change ->
                facts.add(
                    Fact.of(
                        "scale of " + change.tensor(),
                        "at most %s dB by twice as many samples"
                            .formatted(Figures.db(change.db())))));
  }

  /** One line for each choice of passes. */
  private static void trials(PassTrials measured, List<Fact> facts) {
    for (PassTrials.Trial trial : measured.trials()) {
      facts.add(
          new Fact(
              "passes: " + PassTable.name(trial),
              "SQNR %s dB on %d calibration samples"
                  .formatted(Figures.db(trial.sqnrDb()), measured.samples()),
              trial.chosen() ? "chosen" : ""));
    }
  }

  /** One line for each placement, in the target's order. */
  private static void trials(PlacementTrials measured, List<Fact> facts) {
    for (PlacementTrials.Trial trial : measured.trials()) {
      String value =
          trial
              .figures()
              .map(
                  known ->
                      "%s of the float model's time (95 %%: %s), SQNR %s"
                          .formatted(
                              Figures.real(known.latency().ratio()),
                              PlacementTable.interval(known.latency()),
                              Figures.db(known.sqnrDb())))
              .orElse("not measured");
      facts.add(
          new Fact(
              "placement " + trial.name(),
              value,
              (trial.chosen() ? "chosen: " : "") + trial.reason()));
    }
  }

  private static String name(String path) {
    return path == null ? "" : path.substring(path.lastIndexOf('/') + 1);
  }
}
