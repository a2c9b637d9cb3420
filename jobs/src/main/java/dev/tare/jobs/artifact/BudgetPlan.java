package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
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
 * @param measured models along it that were measured
 */
public record BudgetPlan(
    String budget,
    long samples,
    String output,
    Point predicted,
    SortedMap<String, WeightLevel> levels,
    List<Point> frontier,
    List<Point> measured) {

  private static final int FORMAT_VERSION = 1;

  public BudgetPlan {
    levels = Collections.unmodifiableSortedMap(new TreeMap<>(levels));
    frontier = List.copyOf(frontier);
    measured = List.copyOf(measured);
  }

  /**
   * A model that may be chosen.
   *
   * @param bytes of its file, predicted
   * @param bits of a value of the groups' weights on average, with its share of scales and zero
   *     points
   * @param sqnrDb predicted; infinite for the float model
   * @param cosine predicted
   * @param sqnrDbLow what it is at least on other samples, with a one-sided confidence of 95 %
   * @param cosineLow likewise
   */
  public record Point(
      long bytes, double bits, double sqnrDb, double cosine, double sqnrDbLow, double cosineLow) {}

  /**
   * Whether other samples confirm the budget, as the end of a sentence.
   *
   * @param output what was measured of the judged output
   * @param bytes of the quantized model
   * @return empty if the measured figure cannot tell
   */
  public Optional<String> verdict(Quality.OutputQuality output, Optional<Long> bytes) {
    Budget asked = Budget.parse(budget);
    return switch (asked.measure()) {
      case COSINE -> Optional.of(cosine(output, asked.limit()));
      case SQNR -> Optional.of(kept(output.sqnrDb() >= asked.limit()));
      case SIZE -> bytes.map(made -> kept(made <= asked.limit()));
      case BITS -> Optional.empty();
    };
  }

  private static String kept(boolean within) {
    return within ? "is kept" : "is missed";
  }

  private static String cosine(Quality.OutputQuality output, double limit) {
    if (output.cosineMean() >= limit) {
      return "is kept";
    }
    return output.perSample().cosineMean().filter(mean -> mean.high() >= limit).isPresent()
        ? "is kept within the confidence interval"
        : "is missed";
  }

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
    put(root.putArray("frontier"), frontier);
    put(root.putArray("measured"), measured);
    return JsonText.format(root);
  }

  private static void put(ArrayNode array, List<Point> points) {
    points.forEach(point -> put(array.addObject(), point));
  }

  private static void put(ObjectNode node, Point point) {
    node.put("bytes", point.bytes());
    JsonText.put(node, "bits", point.bits());
    JsonText.put(node, "sqnr-db", point.sqnrDb());
    JsonText.put(node, "cosine-mean", point.cosine());
    JsonText.put(node, "sqnr-db-low", point.sqnrDbLow());
    JsonText.put(node, "cosine-mean-low", point.cosineLow());
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
    return new BudgetPlan(
        in.text("budget"),
        in.count("samples"),
        in.text("output"),
        point(StrictJson.child(root, "predicted", where), where + ", predicted"),
        levels,
        points(in, "frontier", where),
        points(in, "measured", where));
  }

  private static List<Point> points(FigureReader in, String key, String where) {
    List<Point> points = new ArrayList<>();
    for (ObjectNode node : in.objects(key)) {
      points.add(point(node, where + ", " + key));
    }
    return points;
  }

  private static Point point(ObjectNode node, String where) {
    FigureReader in = new FigureReader(node, where);
    return new Point(
        in.count("bytes"),
        in.number("bits", 0, Double.MAX_VALUE),
        decibels(in, "sqnr-db"),
        in.cosine("cosine-mean"),
        decibels(in, "sqnr-db-low"),
        in.cosine("cosine-mean-low"));
  }

  /** JSON has no infinity, which is the float model's. */
  private static double decibels(FigureReader in, String key) {
    double decibels = in.decibels(key);
    return Double.isNaN(decibels) ? Double.POSITIVE_INFINITY : decibels;
  }
}
