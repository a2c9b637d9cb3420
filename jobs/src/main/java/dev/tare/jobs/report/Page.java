package dev.tare.jobs.report;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.jobs.artifact.GateOutcome;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The content of the page, in its order. The same content gives the same bytes.
 *
 * @param content the run
 * @param comparison with another run, if one was asked for
 * @param layers its operators; empty if it quantizes none or has no plan
 * @param curve of leaving them in float
 */
record Page(
    RunContent content,
    Optional<Comparison> comparison,
    Optional<Layers> layers,
    Optional<FloatCurve> curve) {

  static Page of(RunContent content, Optional<RunContent> other) {
    Optional<Layers> layers = layers(content);
    return new Page(
        content,
        other.map(o -> Comparison.of(content, o)),
        layers,
        layers.map(all -> FloatCurve.of(all, content)));
  }

  /** Writes HTML; rows of tensors are made as they are written. */
  void render(Writer out) throws IOException {
    Pages.render("report.jte", this, out);
  }

  String title() {
    return "Tare report: " + content.manifest().runId();
  }

  /** Model and recipe, if they are known. */
  String subtitle() {
    return facts().stream()
        .filter(fact -> fact.name().equals("model") || fact.name().equals("recipe"))
        .map(fact -> fact.name().equals("recipe") ? "recipe " + fact.value() : fact.value())
        .collect(Collectors.joining(", "));
  }

  /** {@code passed}, {@code failed} or {@code none}. */
  String gate() {
    return content.quality().map(quality -> quality.gate().outcome()).orElse("none");
  }

  String verdict() {
    if (content.quality().isEmpty()) {
      return "Not evaluated";
    }
    return switch (gate()) {
      case "passed" -> "Gate passed";
      case "failed" -> "Gate failed";
      default -> "No gate was set";
    };
  }

  List<Headline.Piece> headline() {
    return Headline.of(content);
  }

  /** The parts of the page that it has, in order: their names in links, and their titles. */
  List<Fact> parts() {
    List<Fact> parts = new ArrayList<>(List.of(Fact.of("numbers", "Numbers")));
    add(parts, !outputs().isEmpty(), "outputs", "Float against quantized");
    add(parts, speed().isPresent(), "speed", "Speed");
    add(parts, budget().isPresent(), "budget", "Budget");
    add(parts, compensation().isPresent(), "compensation", "Compensation");
    add(parts, layers.isPresent(), "depth", "Layers by depth");
    add(parts, layers.isPresent(), "layers", "Layers in float");
    add(parts, comparison.isPresent(), "comparison", "Comparison");
    add(parts, !tensors().isEmpty(), "tensors", "Tensors");
    add(parts, !leftFloat().isEmpty(), "float", "Left in float");
    parts.add(Fact.of("facts", "About this run"));
    return parts;
  }

  private static void add(List<Fact> parts, boolean there, String id, String title) {
    if (there) {
      parts.add(Fact.of(id, title));
    }
  }

  /** The limits of the gate, or why it failed. */
  List<String> reasons() {
    List<String> failures =
        content.quality().map(quality -> quality.gate().failures()).orElse(List.of());
    if (!failures.isEmpty()) {
      return failures;
    }
    List<String> limits = new ArrayList<>();
    content.setting("min-cosine").ifPresent(v -> limits.add("mean cosine at least " + v));
    content.setting("min-sqnr-db").ifPresent(v -> limits.add("SQNR at least " + v + " dB"));
    content
        .setting("min-channel-sqnr")
        .ifPresent(v -> limits.add("SQNR of every channel at least " + v + " dB"));
    return gate().equals("none") || limits.isEmpty()
        ? List.of()
        : List.of("Limits: " + String.join(", ", limits) + ".");
  }

  /** Warnings about differences that the cosine does not show. */
  List<String> warnings() {
    return content.quality().map(Quality::warnings).orElse(List.of());
  }

  List<Fact> tiles() {
    return Numbers.tiles(content);
  }

  List<Fact> facts() {
    return Numbers.facts(content);
  }

  List<OutputView> outputs() {
    return content
        .quality()
        .map(
            quality ->
                quality.outputs().stream().map(output -> new OutputView(output, quality)).toList())
        .orElse(List.of());
  }

  /** Empty unless evaluation measured the time, with {@code --latency}. */
  Optional<Speed> speed() {
    return content.quality().flatMap(Quality::latency).map(Speed::new);
  }

  /** Empty unless {@code select --budget} chose the bits of weights. */
  Optional<BudgetView> budget() {
    return content
        .budget()
        .map(
            plan ->
                new BudgetView(
                    plan,
                    content.quality().flatMap(quality -> Quality.headline(quality.outputs())),
                    content.bytes(Part.MODEL)));
  }

  /** Empty unless {@code --compensate} tried something. */
  Optional<CompensationView> compensation() {
    return content.compensation().map(CompensationView::new);
  }

  private static Optional<Layers> layers(RunContent content) {
    return content
        .plan()
        .map(
            plan ->
                Layers.of(plan, content.quality().flatMap(Quality::sensitivity), content.order()))
        .filter(layers -> layers.operators() > 0);
  }

  Optional<Proposal> proposal() {
    return curve.map(
        c -> Proposal.of(c, content.quality().map(q -> q.gate().gate()).orElse(GateOutcome.NONE)));
  }

  /** Quantized tensors by expected SQNR, the lowest first; those without one come last. */
  List<TensorPlan> tensors() {
    Comparator<TensorPlan> byDamage =
        Comparator.comparingDouble(
            plan -> {
              double db = TensorView.sqnrDb(plan);
              return Double.isNaN(db) ? Double.POSITIVE_INFINITY : db;
            });
    return content.plan().map(QuantPlan::tensors).orElse(List.of()).stream()
        .filter(TensorPlan::quantized)
        .sorted(byDamage.thenComparing(TensorPlan::tensor).thenComparing(TensorPlan::role))
        .toList();
  }

  TensorView view(int number, TensorPlan plan) {
    boolean activation = plan.role() == dev.tare.engine.recipe.Role.ACTIVATION;
    boolean weight = plan.role() == dev.tare.engine.recipe.Role.WEIGHT;
    return new TensorView(
        number,
        plan,
        Optional.ofNullable(activation ? content.spreads().get(plan.tensor()) : null),
        Optional.ofNullable(activation ? content.channels().get(plan.tensor()) : null),
        Optional.ofNullable(weight ? content.codes().get(plan.tensor()) : null));
  }

  List<TensorPlan> leftFloat() {
    return content.plan().map(QuantPlan::tensors).orElse(List.of()).stream()
        .filter(plan -> !plan.quantized())
        .toList();
  }

  String style() {
    return Pages.style();
  }

  String script() {
    return Pages.script();
  }
}
