package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a budget chose and what is predicted of it: {@code budget.json}, format version 1, beside
 * the plan.
 *
 * @param budget as the user wrote it
 * @param samples of the run that measured errors
 * @param output by which they were measured
 * @param predicted of the model that the plan makes
 * @param levels of the weights, by name
 * @param frontier what else there was, from float to the smallest; no point has both fewer bytes
 *     and a smaller predicted error than another
 */
public record BudgetPlan(
    String budget,
    long samples,
    String output,
    Point predicted,
    SortedMap<String, WeightLevel> levels,
    List<Point> frontier) {

  private static final int FORMAT_VERSION = 1;

  public BudgetPlan {
    levels = Collections.unmodifiableSortedMap(new TreeMap<>(levels));
    frontier = List.copyOf(frontier);
  }

  /**
   * A model that may be chosen.
   *
   * @param bytes of its file, predicted
   * @param bits of a value of the groups' weights on average, with its share of scales and zero
   *     points
   * @param sqnrDb predicted; infinite for the float model
   * @param cosine predicted
   */
  public record Point(long bytes, double bits, double sqnrDb, double cosine) {}

  /** Formats the document; equal figures give equal text. */
  public String format() {
    ObjectNode root = JsonText.object();
    root.put("format-version", FORMAT_VERSION);
    root.put("budget", budget);
    root.put("samples", samples);
    root.put("output", output);
    put(root.putObject("predicted"), predicted);
    ArrayNode all = root.putArray("weights");
    levels.forEach(
        (weight, level) -> all.addObject().put("weight", weight).put("level", level.word()));
    ArrayNode points = root.putArray("frontier");
    frontier.forEach(point -> put(points.addObject(), point));
    return JsonText.format(root);
  }

  private static void put(ObjectNode node, Point point) {
    node.put("bytes", point.bytes());
    JsonText.put(node, "bits", point.bits());
    JsonText.put(node, "sqnr-db", point.sqnrDb());
    JsonText.put(node, "cosine-mean", point.cosine());
  }

  /**
   * Reads what {@link #format} wrote.
   *
   * @param where name of the document in errors
   * @throws dev.tare.jobs.TareException (bad input) if it is of another format version, or a value
   *     is impossible; the message names document and key
   */
  public static BudgetPlan parse(String text, String where) {
    ObjectNode root = StrictJson.parse(text, where);
    StrictJson.requireVersion(root, FORMAT_VERSION, where);
    FigureReader in = new FigureReader(root, where);
    SortedMap<String, WeightLevel> levels = new TreeMap<>();
    for (ObjectNode node : in.objects("weights")) {
      FigureReader weight = new FigureReader(node, where + ", weights");
      levels.put(
          weight.text("weight"),
          WeightLevel.of(weight.text("level")).orElseThrow(() -> weight.impossible("level")));
    }
    List<Point> frontier = new ArrayList<>();
    for (ObjectNode node : in.objects("frontier")) {
      frontier.add(point(node, where + ", frontier"));
    }
    return new BudgetPlan(
        in.text("budget"),
        in.count("samples"),
        in.text("output"),
        point(StrictJson.child(root, "predicted", where), where + ", predicted"),
        levels,
        frontier);
  }

  private static Point point(ObjectNode node, String where) {
    FigureReader in = new FigureReader(node, where);
    double sqnrDb = in.decibels("sqnr-db");
    return new Point(
        in.count("bytes"),
        in.number("bits", 0, Double.MAX_VALUE),
        // JSON has no infinity, which is the float model's.
        Double.isNaN(sqnrDb) ? Double.POSITIVE_INFINITY : sqnrDb,
        in.cosine("cosine-mean"));
  }
}
