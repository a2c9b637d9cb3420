package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The placements that a target offers, what was measured of each and which one was chosen: {@code
 * placements.json}, format version 1. It stands beside the plan, not in it: the plan depends on no
 * measurement but by the name of the placement.
 *
 * @param target name of the target
 * @param trials in the target's order; exactly one is chosen
 */
public record PlacementTrials(String target, List<Trial> trials) {

  private static final int FORMAT_VERSION = 1;

  /**
   * @throws IllegalArgumentException if not exactly one is chosen
   */
  public PlacementTrials {
    trials = List.copyOf(trials);
    if (trials.stream().filter(Trial::chosen).count() != 1) {
      throw new IllegalArgumentException("Not one placement is chosen: " + trials);
    }
  }

  /**
   * One placement.
   *
   * @param name of the placement
   * @param chosen whether it was
   * @param reason why, or why not
   * @param figures what was measured; empty if it needed no measurement
   */
  public record Trial(String name, boolean chosen, String reason, Optional<Figures> figures) {}

  /**
   * What was measured of a placement.
   *
   * @param samples how many were compared
   * @param output the output that is judged
   * @param sqnrDb its signal to noise against the float model, in dB
   * @param cosine its mean cosine
   * @param latency times of both models
   */
  public record Figures(
      long samples, String output, double sqnrDb, double cosine, Latency latency) {}

  /** The one that was chosen. */
  public Trial chosen() {
    return trials.stream().filter(Trial::chosen).findFirst().orElseThrow();
  }

  /** Whether the float model is faster than each that was measured, whatever the noise. */
  public boolean floatIsFaster() {
    List<Figures> measured = trials.stream().flatMap(trial -> trial.figures().stream()).toList();
    return !measured.isEmpty()
        && measured.stream().allMatch(figures -> figures.latency().floatIsFaster());
  }

  /** Formats the document; equal figures give equal text. */
  public String format() {
    ObjectNode root = JsonText.object();
    root.put("format-version", FORMAT_VERSION);
    root.put("target", target);
    ArrayNode all = root.putArray("placements");
    for (Trial trial : trials) {
      ObjectNode node = all.addObject();
      node.put("name", trial.name());
      node.put("chosen", trial.chosen());
      node.put("reason", trial.reason());
      trial.figures().ifPresent(figures -> put(node, figures));
    }
    return JsonText.format(root);
  }

  private static void put(ObjectNode node, Figures figures) {
    node.put("samples", figures.samples());
    node.put("output", figures.output());
    JsonText.put(node, "sqnr-db", figures.sqnrDb());
    JsonText.put(node, "cosine-mean", figures.cosine());
    figures.latency().put(node.putObject("latency"));
  }

  /**
   * Reads what {@link #format} wrote.
   *
   * @param where name of the document in errors
   * @throws dev.tare.jobs.TareException (bad input) if it is of another format version, or a value
   *     is impossible; the message names document and key
   */
  public static PlacementTrials parse(String text, String where) {
    ObjectNode root = StrictJson.parse(text, where);
    StrictJson.requireVersion(root, FORMAT_VERSION, where);
    FigureReader in = new FigureReader(root, where);
    List<Trial> trials = new ArrayList<>();
    for (ObjectNode node : in.objects("placements")) {
      FigureReader trial = new FigureReader(node, where + ", placements");
      trials.add(
          new Trial(
              trial.text("name"), trial.flag("chosen"), trial.text("reason"), figures(trial)));
    }
    if (trials.stream().filter(Trial::chosen).count() != 1) {
      throw in.impossible("placements");
    }
    return new PlacementTrials(in.text("target"), trials);
  }

  private static Optional<Figures> figures(FigureReader trial) {
    if (!trial.node().has("latency")) {
      return Optional.empty();
    }
    return Optional.of(
        new Figures(
            trial.count("samples"),
            trial.text("output"),
            trial.decibels("sqnr-db"),
            trial.cosine("cosine-mean"),
            Latency.of(
                StrictJson.child(trial.node(), "latency", trial.where()),
                trial.where() + ", latency")));
  }
}
