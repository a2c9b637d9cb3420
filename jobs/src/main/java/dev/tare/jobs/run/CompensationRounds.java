package dev.tare.jobs.run;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.pass.CompensatedProducts.Product;
import dev.tare.engine.pass.PairedFit;
import dev.tare.engine.plan.CompensatedPlan;
import dev.tare.engine.plan.Compensation;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.artifact.CompensationTrial;
import dev.tare.jobs.evaluate.PairedJob;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.SmoothedHandle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Finds the lines of products, level by level along the graph. Errors add up along it, so a line is
 * only right for a product if those before it have theirs: found all at once, every product of a
 * transformer would take up the same error again. Each level is compared in a model that has the
 * lines of those before, which costs a pass over the samples.
 */
final class CompensationRounds {

  /** Of longer ways through the graph, neighbouring levels are compared together. */
  private static final int MOST = 64;

  /** Lines of a product that take less of its error away are not worth a change. */
  private static final double LEAST_PART = .01;

  private final PairedJob job;
  private final ModelHandle model;

  CompensationRounds(PairedJob job, ModelHandle model) {
    this.job = job;
    this.model = model;
  }

  /**
   * What was found.
   *
   * @param plan with all lines
   * @param rounds the passes, in order
   * @param products what is known of each
   */
  record Found(
      QuantPlan plan,
      List<CompensationTrial.Round> rounds,
      List<CompensationTrial.Product> products) {}

  /** Finds them all, in as many passes as the products have levels. */
  Found of(QuantPlan plan, List<Product> products) {
    List<CompensationTrial.Round> rounds = new ArrayList<>();
    List<CompensationTrial.Product> figures = new ArrayList<>();
    QuantPlan changed = plan;
    if (products.isEmpty()) {
      return new Found(plan, rounds, figures);
    }
    SortedMap<String, List<Integer>> scales = job.scales(plan, products);
    for (List<Product> some : inRounds(products)) {
      PairedJob.Measured sums = job.sums(changed, products, some, scales);
      rounds.add(new CompensationTrial.Round(sums.planSha256(), sums.contentSha256()));
      Map<String, PairedFit> fits = new LinkedHashMap<>();
      List<Compensation> lines = new ArrayList<>();
      for (Product product : some) {
        PairedFit fit = PairedFit.of(sums.channels().get(product.output()), product.scaled());
        fits.put(product.node(), fit);
        if (fit.changed() > 0 && fit.gained() >= LEAST_PART) {
          lines.add(product.on(fit));
        }
      }
      ModelGraph graph = SmoothedHandle.of(model, changed).prepared().graph();
      QuantPlan before = changed;
      QuantPlan after = CompensatedPlan.of(before, graph, lines);
      fits.forEach(
          (node, fit) ->
              figures.add(
                  new CompensationTrial.Product(
                      node,
                      rounds.size(),
                      fit.gains().size(),
                      changed(node, fit.gains().size(), before, after),
                      fit.gained())));
      changed = after;
    }
    return new Found(changed, rounds, figures);
  }

  /** Channels of a product that have another factor or correction: not every line fits its bias. */
  private static int changed(String node, int channels, QuantPlan before, QuantPlan after) {
    Optional<CorrectedBias> was = corrected(before, node);
    Optional<CorrectedBias> is = corrected(after, node);
    int changed = 0;
    for (int c = 0; c < channels; c++) {
      boolean same = gain(was, c) == gain(is, c) && correction(was, c) == correction(is, c);
      changed += same ? 0 : 1;
    }
    return changed;
  }

  private static Optional<CorrectedBias> corrected(QuantPlan plan, String node) {
    return plan.corrected().stream()
        .filter(bias -> bias.node().equals(node) && bias.corrects())
        .findFirst();
  }

  private static float gain(Optional<CorrectedBias> bias, int channel) {
    return bias.isPresent() ? bias.get().gain(channel) : 1;
  }

  private static float correction(Optional<CorrectedBias> bias, int channel) {
    return bias.isPresent() ? bias.get().correction().get(channel) : 0;
  }

  private static List<List<Product>> inRounds(List<Product> products) {
    SortedMap<Integer, List<Product>> byLevel = new TreeMap<>();
    products.forEach(
        product -> byLevel.computeIfAbsent(product.level(), key -> new ArrayList<>()).add(product));
    List<List<Product>> levels = new ArrayList<>(byLevel.values());
    int count = Math.min(MOST, levels.size());
    List<List<Product>> rounds = new ArrayList<>();
    for (int round = 0; round < count; round++) {
      List<Product> some = new ArrayList<>();
      levels
          .subList(levels.size() * round / count, levels.size() * (round + 1) / count)
          .forEach(some::addAll);
      rounds.add(some);
    }
    return rounds;
  }
}
