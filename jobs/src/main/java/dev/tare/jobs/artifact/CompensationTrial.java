package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a compensation found of every product, what it does to the whole model, and whether it was
 * kept: {@code compensation.json}, format version 1. The lines themselves are in the plan.
 *
 * @param verdict whether the model has it, and why not
 * @param samples of the calibration data on which lines were found
 * @param measured others, on which the whole model was measured
 * @param tensor what was compared then: an output, or what the Softmax or Sigmoid behind it reads
 * @param without the model as it was
 * @param with the model with all lines
 * @param gainDb how many dB all lines together gain on samples like those, with a confidence of 95
 *     %; empty in runs before it was measured
 * @param rounds the passes over the samples, in order
 * @param products those that were compared, in graph order
 * @param left why other products were not, by node
 */
public record CompensationTrial(
    Verdict verdict,
    long samples,
    long measured,
    String tensor,
    Sensitivity.Score without,
    Sensitivity.Score with,
    Optional<Interval> gainDb,
    List<Round> rounds,
    List<Product> products,
    SortedMap<String, String> left) {

  private static final int FORMAT_VERSION = 1;

  private static final String METHOD = "paired bootstrap, 95 %";

  /** Beyond any gain of float32. */
  private static final double MOST_DB = 1000;

  /** What the measurement decided. */
  public enum Verdict {
    KEPT,
    /** There is nothing to keep: no product has a line. */
    NO_LINE,
    /** The model is worse for it on these samples. */
    WORSE,
    /** It is better, but not enough for a change. */
    TOO_LITTLE,
    /** It is better on these samples, and may be worse on others like them. */
    UNCERTAIN;

    /** As documents have it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  public CompensationTrial {
    rounds = List.copyOf(rounds);
    products = List.copyOf(products);
  }

  /**
   * A pass over the samples.
   *
   * @param planSha256 hash of the plan of the model that was compared
   * @param contentSha256 hash of the paired sums
   */
  public record Round(String planSha256, String contentSha256) {}

  /**
   * A product.
   *
   * @param node its name
   * @param round the pass that compared it, from 1; 0 in runs before that was written
   * @param channels how many it has
   * @param changed those with a line of their own; none if all together gain too little, or the
   *     integers of the bias have no room for them
   * @param gained the part of the squared error that the lines take away on samples on which they
   *     were not found, from 0 to 1
   */
  public record Product(String node, int round, int channels, int changed, double gained) {}

  /** Whether the model has it. */
  public boolean kept() {
    return verdict == Verdict.KEPT;
  }

  /** Products with a line for any channel. */
  public long compensated() {
    return products.stream().filter(product -> product.changed() > 0).count();
  }

  /** Formats the document; equal figures give equal text. */
  public String format() {
    ObjectNode root = JsonText.object();
    root.put("format-version", FORMAT_VERSION);
    root.put("kept", kept());
    root.put("verdict", verdict.word());
    root.put("samples", samples);
    root.put("measured", measured);
    root.put("tensor", tensor);
    put(root.putObject("without"), without);
    put(root.putObject("with"), with);
    gainDb.ifPresent(
        gain -> {
          ObjectNode node = root.putObject("gain-db");
          JsonText.put(node, "low", gain.low());
          JsonText.put(node, "high", gain.high());
          node.put("by", METHOD);
        });
    ArrayNode passes = root.putArray("rounds");
    for (Round round : rounds) {
      ObjectNode node = passes.addObject();
      node.put("plan-sha256", round.planSha256());
      node.put("content-sha256", round.contentSha256());
    }
    ArrayNode all = root.putArray("products");
    for (Product product : products) {
      ObjectNode node = all.addObject();
      node.put("node", product.node());
      node.put("round", product.round());
      node.put("channels", product.channels());
      node.put("changed", product.changed());
      JsonText.put(node, "gained", product.gained());
    }
    ArrayNode reasons = root.putArray("left");
    for (Map.Entry<String, String> reason : left.entrySet()) {
      ObjectNode node = reasons.addObject();
      node.put("node", reason.getKey());
      node.put("reason", reason.getValue());
    }
    return JsonText.format(root);
  }

  private static void put(ObjectNode node, Sensitivity.Score score) {
    JsonText.put(node, "sqnr-db", score.sqnrDb());
    JsonText.put(node, "cosine-mean", score.cosineMean());
  }

  /**
   * Reads what {@link #format} wrote.
   *
   * @param where name of the document in errors
   * @throws dev.tare.jobs.TareException (bad input) if it is of another format version, or a value
   *     is impossible; the message names document and key
   */
  public static CompensationTrial parse(String text, String where) {
    ObjectNode root = StrictJson.parse(text, where);
    StrictJson.requireVersion(root, FORMAT_VERSION, where);
    FigureReader in = new FigureReader(root, where);
    List<Round> rounds = new ArrayList<>();
    for (ObjectNode node : in.objects("rounds")) {
      FigureReader round = new FigureReader(node, where + ", rounds");
      rounds.add(new Round(round.text("plan-sha256"), round.text("content-sha256")));
    }
    List<Product> products = new ArrayList<>();
    for (ObjectNode node : in.objects("products")) {
      FigureReader product = new FigureReader(node, where + ", products");
      products.add(
          new Product(
              product.text("node"),
              node.has("round") ? product.size("round") : 0,
              product.size("channels"),
              product.size("changed"),
              product.number("gained", 0, 1)));
    }
    SortedMap<String, String> left = new TreeMap<>();
    for (ObjectNode node : in.objects("left")) {
      FigureReader reason = new FigureReader(node, where + ", left");
      left.put(reason.text("node"), reason.text("reason"));
    }
    return new CompensationTrial(
        verdict(in, root, products, score(root, "without", where), score(root, "with", where)),
        in.count("samples"),
        in.count("measured"),
        in.text("tensor"),
        score(root, "without", where),
        score(root, "with", where),
        gain(root, where),
        rounds,
        products,
        left);
  }

  private static Sensitivity.Score score(ObjectNode root, String key, String where) {
    FigureReader in = new FigureReader(StrictJson.child(root, key, where), where + ", " + key);
    return new Sensitivity.Score(in.decibels("sqnr-db"), in.cosine("cosine-mean"));
  }

  /** A document of an earlier version says only whether it was kept, which its figures explain. */
  private static Verdict verdict(
      FigureReader in,
      ObjectNode root,
      List<Product> products,
      Sensitivity.Score without,
      Sensitivity.Score with) {
    boolean kept = in.flag("kept");
    if (root.has("verdict")) {
      String word = in.text("verdict");
      return Arrays.stream(Verdict.values())
          .filter(verdict -> verdict.word().equals(word) && (verdict == Verdict.KEPT) == kept)
          .findFirst()
          .orElseThrow(() -> in.impossible("verdict"));
    }
    if (kept) {
      return Verdict.KEPT;
    }
    if (products.stream().noneMatch(product -> product.changed() > 0)) {
      return Verdict.NO_LINE;
    }
    return with.sqnrDb() < without.sqnrDb() || with.cosineMean() < without.cosineMean()
        ? Verdict.WORSE
        : Verdict.TOO_LITTLE;
  }

  private static Optional<Interval> gain(ObjectNode root, String where) {
    if (!root.has("gain-db")) {
      return Optional.empty();
    }
    FigureReader in =
        new FigureReader(StrictJson.child(root, "gain-db", where), where + ", gain-db");
    double low = in.number("low", -MOST_DB, MOST_DB);
    double high = in.number("high", -MOST_DB, MOST_DB);
    if (!(low <= high)) {
      throw in.impossible("high");
    }
    return Optional.of(new Interval(low, high));
  }
}
