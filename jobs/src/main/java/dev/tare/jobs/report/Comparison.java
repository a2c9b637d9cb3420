package dev.tare.jobs.report;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Two runs side by side.
 *
 * @param here name of the run
 * @param there name of the other
 * @param figures numbers of both
 * @param settings options in which the runs differ
 * @param moved tensors whose SQNR or scale changed most, by SQNR
 * @param onlyHere tensors that only the run quantizes
 * @param onlyThere tensors that only the other quantizes
 * @param both number of tensors that both quantize
 */
record Comparison(
    String here,
    String there,
    List<Pair> figures,
    List<String> settings,
    List<Move> moved,
    List<String> onlyHere,
    List<String> onlyThere,
    int both) {

  private static final int MOST = 50;

  /** A number of both runs; the change is empty if they cannot be subtracted. */
  record Pair(String name, String here, String there, String change) {}

  /** A tensor in both runs, first the run and then the other. */
  record Move(String role, TensorPlan here, TensorPlan there) {

    String name() {
      return here.tensor();
    }

    double sqnrChange() {
      double change = TensorView.sqnrDb(here) - TensorView.sqnrDb(there);
      return Double.isNaN(change) ? 0 : change;
    }

    double scaleRatio() {
      return scale(here) / scale(there);
    }

    private double scaleMove() {
      double move = Math.abs(Math.log(scaleRatio()));
      return Double.isNaN(move) ? 0 : move;
    }

    private static double scale(TensorPlan plan) {
      return TensorView.largestScale(plan);
    }

    private static String range(TensorPlan plan) {
      return plan.channels().isEmpty() ? "at run time" : TensorView.range(plan);
    }

    String rangeHere() {
      return range(here);
    }

    String rangeThere() {
      return range(there);
    }

    String typeChange() {
      String mine = TensorView.word(here.type());
      String its = TensorView.word(there.type());
      return mine.equals(its) ? mine : its + " → " + mine;
    }

    String ratioText() {
      return Double.isNaN(scaleRatio()) ? "–" : "×" + Figures.real(scaleRatio());
    }

    String sqnrHere() {
      return Figures.db(TensorView.sqnrDb(here));
    }

    String sqnrThere() {
      return Figures.db(TensorView.sqnrDb(there));
    }

    String changeText() {
      return Figures.signed(sqnrChange(), 2);
    }
  }

  static Comparison of(RunContent here, RunContent there) {
    Map<String, TensorPlan> mine = quantized(here.plan());
    Map<String, TensorPlan> its = quantized(there.plan());
    List<Move> moves = new ArrayList<>();
    List<String> onlyHere = new ArrayList<>();
    mine.forEach(
        (key, plan) -> {
          if (its.containsKey(key)) {
            moves.add(new Move(TensorView.word(plan.role()), plan, its.get(key)));
          } else {
            onlyHere.add(plan.tensor());
          }
        });
    List<String> onlyThere = new ArrayList<>();
    its.forEach(
        (key, plan) -> {
          if (!mine.containsKey(key)) {
            onlyThere.add(plan.tensor());
          }
        });
    return new Comparison(
        here.manifest().runId(),
        there.manifest().runId(),
        Numbers.sideBySide(here, there),
        here.manifest().fingerprint().differences(there.manifest().fingerprint()),
        most(moves),
        onlyHere,
        onlyThere,
        moves.size());
  }

  private static Map<String, TensorPlan> quantized(Optional<QuantPlan> plan) {
    Map<String, TensorPlan> byKey = new TreeMap<>();
    plan.ifPresent(
        p ->
            p.tensors().stream()
                .filter(TensorPlan::quantized)
                .forEach(t -> byKey.put(t.role().name() + " " + t.tensor(), t)));
    return byKey;
  }

  /** The tensors whose SQNR changed most, and those whose scale did. */
  private static List<Move> most(List<Move> moves) {
    Set<Move> chosen = new LinkedHashSet<>();
    Comparator<Move> byScale = Comparator.comparingDouble(Move::scaleMove);
    Comparator<Move> bySqnr = Comparator.comparingDouble(m -> Math.abs(m.sqnrChange()));
    for (Comparator<Move> order : List.of(bySqnr, byScale)) {
      moves.stream()
          .filter(m -> m.scaleMove() > 0 || m.sqnrChange() != 0)
          .sorted(order.reversed())
          .limit(MOST)
          .forEach(chosen::add);
    }
    return chosen.stream().sorted(bySqnr.reversed().thenComparing(byScale.reversed())).toList();
  }
}
