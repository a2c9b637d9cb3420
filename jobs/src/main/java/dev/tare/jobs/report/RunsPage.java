package dev.tare.jobs.report;

import java.io.IOException;
import java.io.Writer;
import java.util.List;

/**
 * An index of the runs below a folder. The same runs and pages give the same bytes, wherever the
 * folder is.
 *
 * @param folder its name
 * @param models evaluated runs by model
 * @param others runs that were not evaluated or cannot be read, by path
 */
record RunsPage(String folder, List<ModelHistory> models, List<RunEntry.Other> others) {

  RunsPage {
    models = List.copyOf(models);
    others = List.copyOf(others);
  }

  void render(Writer out) throws IOException {
    Pages.render("runs.jte", this, out);
  }

  private long runs(String gate) {
    return models.stream()
        .flatMap(model -> model.runs().stream())
        .filter(run -> run.gate().equals(gate))
        .count();
  }

  /** How many runs, and how their gates ended. */
  List<Headline.Piece> headline() {
    long all = models.stream().mapToLong(model -> model.runs().size()).sum();
    return List.of(
            new Headline.Piece(
                "", Figures.count(all), all == 1 ? "evaluated run" : "evaluated runs"),
            new Headline.Piece(
                "", Figures.count(models.size()), models.size() == 1 ? "model" : "models"),
            new Headline.Piece("", Figures.count(runs("passed")), "passed"),
            new Headline.Piece("", Figures.count(runs("failed")), "failed"))
        .stream()
        .filter(piece -> !(piece.figure().equals("0") && !piece.after().startsWith("eval")))
        .toList();
  }

  String style() {
    return Pages.style();
  }

  String script() {
    return Pages.script();
  }
}
