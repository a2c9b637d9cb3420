package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;
import java.util.ArrayList;
import java.util.List;

/**
 * The choices of passes that were measured, and which one was taken: {@code passes.json}, format
 * version 1. It is beside the plan, as {@link PlacementTrials} are.
 *
 * @param samples of the calibration data on which each was measured
 * @param tensor what was compared: an output, or what the Softmax or Sigmoid behind it reads
 * @param trials at least one, beginning with all passes of the recipe; exactly one is chosen
 */
public record PassTrials(long samples, String tensor, List<Trial> trials) {

  private static final int FORMAT_VERSION = 1;

  /**
   * @throws IllegalArgumentException if not exactly one is chosen
   */
  public PassTrials {
    trials = List.copyOf(trials);
    if (!oneIsChosen(trials)) {
      throw new IllegalArgumentException("Not one choice of passes is taken: " + trials);
    }
  }

  /**
   * One choice.
   *
   * @param passes as a recipe calls them, in alphabetical order; none for the model as it is
   * @param chosen whether it was taken
   * @param sqnrDb signal to noise of that tensor against the float model, in dB; infinite if
   *     nothing differs
   * @param cosine its mean cosine
   */
  public record Trial(List<String> passes, boolean chosen, double sqnrDb, double cosine) {

    public Trial {
      passes = List.copyOf(passes);
    }
  }

  private static boolean oneIsChosen(List<Trial> trials) {
    return trials.stream().filter(Trial::chosen).count() == 1;
  }

  /** The one that was taken. */
  public Trial chosen() {
    return trials.stream().filter(Trial::chosen).findFirst().orElseThrow();
  }

  /** Formats the document; equal figures give equal text. */
  public String format() {
    ObjectNode root = JsonText.object();
    root.put("format-version", FORMAT_VERSION);
    root.put("samples", samples);
    root.put("tensor", tensor);
    ArrayNode all = root.putArray("trials");
    for (Trial trial : trials) {
      ObjectNode node = all.addObject();
      trial.passes().forEach(node.putArray("passes")::add);
      node.put("chosen", trial.chosen());
      JsonText.put(node, "sqnr-db", trial.sqnrDb());
      JsonText.put(node, "cosine-mean", trial.cosine());
    }
    return JsonText.format(root);
  }

  /**
   * Reads what {@link #format} wrote.
   *
   * @param where name of the document in errors
   * @throws dev.tare.jobs.TareException (bad input) if it is of another format version, or a value
   *     is impossible; the message names document and key
   */
  public static PassTrials parse(String text, String where) {
    ObjectNode root = StrictJson.parse(text, where);
    StrictJson.requireVersion(root, FORMAT_VERSION, where);
    FigureReader in = new FigureReader(root, where);
    List<Trial> trials = new ArrayList<>();
    for (ObjectNode node : in.objects("trials")) {
      FigureReader trial = new FigureReader(node, where + ", trials");
      trials.add(
          new Trial(
              trial.texts("passes"),
              trial.flag("chosen"),
              trial.decibels("sqnr-db"),
              trial.cosine("cosine-mean")));
    }
    if (!oneIsChosen(trials)) {
      throw in.impossible("trials");
    }
    return new PassTrials(in.count("samples"), in.text("tensor"), trials);
  }
}
