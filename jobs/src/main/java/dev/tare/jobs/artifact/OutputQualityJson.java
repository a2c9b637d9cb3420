package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The layout of one output in {@link QualityJson}. */
final class OutputQualityJson {

  private static final Pattern PERCENTILE = Pattern.compile("p([0-9]{1,2})");

  /** Key of the number of channels below a limit in dB. */
  private static final String BELOW = "below-%.0f-db".formatted(ChannelQuality.LIMIT_DB);

  /** Where the mean cosine is with a confidence of 95 %. */
  private static final String INTERVAL = "cosine-mean-95";

  private OutputQualityJson() {}

  static void put(ObjectNode node, Quality.OutputQuality output) {
    node.put("name", output.name());
    node.put("vector", output.vector());
    JsonText.put(node, "sqnr-db", output.sqnrDb());
    ObjectNode cosine = node.putObject("cosine");
    JsonText.put(cosine, "mean", output.cosineMean());
    JsonText.put(cosine, "min", output.cosineMin());
    output.cosinePercentiles().forEach((p, value) -> JsonText.put(cosine, "p" + p, value));
    output.argmaxAgreement().ifPresent(share -> JsonText.put(node, "argmax-agreement", share));
    put(node, output.perSample());
    output.facts().ifPresent(facts -> put(node, facts));
  }

  private static void put(ObjectNode output, PerSample samples) {
    ObjectNode node = output.putObject("per-sample");
    put(node.putArray("cosine-quantiles"), samples.cosines());
    put(node.putArray("sqnr-db-quantiles"), samples.sqnrsDb());
    samples
        .cosineMean()
        .ifPresent(
            mean -> {
              ObjectNode interval = node.putObject(INTERVAL);
              JsonText.put(interval, "low", mean.low());
              JsonText.put(interval, "high", mean.high());
            });
    ArrayNode worst = node.putArray("worst");
    for (PerSample.Worst sample : samples.worst()) {
      ObjectNode one = worst.addObject();
      one.put("sample", sample.sample());
      JsonText.put(one, "cosine", sample.cosine());
      JsonText.put(one, "sqnr-db", sample.sqnrDb());
    }
    ObjectNode values = output.putObject("values");
    put(values.putArray("float"), samples.floats());
    put(values.putArray("quantized"), samples.quantized());
  }

  private static void put(ObjectNode output, OutputFacts facts) {
    output.put("classes", facts.classes());
    JsonText.put(output, "largest-error", facts.largestError());
    facts.labelsEqual().ifPresent(share -> JsonText.put(output, "labels-equal", share));
    output.put("one-value", facts.oneValue());
    output.put("samples-of-other-shape", facts.otherShapes());
    output.put("samples-without-values", facts.withoutValues());
    output.put("equal-non-finite-values", facts.equalNonFinite());
    output.put("different-non-finite-values", facts.differentNonFinite());
    ArrayNode axes = output.putArray("channels");
    for (ChannelQuality channel : facts.channels()) {
      ObjectNode axis = axes.addObject();
      axis.put("axis", channel.axis());
      axis.put("channels", channel.channels());
      axis.put(BELOW, channel.below());
      ObjectNode worst = axis.putObject("worst");
      worst.put("channel", channel.worst());
      JsonText.put(worst, "sqnr-db", channel.worstSqnrDb());
      JsonText.put(worst, "largest-error", channel.worstError());
      JsonText.put(worst, "float-low", channel.worstLow());
      JsonText.put(worst, "float-high", channel.worstHigh());
    }
  }

  private static void put(ArrayNode array, List<? extends Number> numbers) {
    for (Number number : numbers) {
      if (!Double.isFinite(number.doubleValue())) {
        array.addNull();
      } else if (number instanceof Float) {
        array.add(number.floatValue());
      } else {
        array.add(number.doubleValue());
      }
    }
  }

  /**
   * Reads an output.
   *
   * @param document name of the document in errors
   */
  static Quality.OutputQuality of(ObjectNode node, String document) {
    String name = StrictJson.text(node, "name", document + ", outputs");
    String where = "%s, output '%s'".formatted(document, name);
    FigureReader in = new FigureReader(node, where);
    ObjectNode cosine = StrictJson.child(node, "cosine", where);
    FigureReader cosines = new FigureReader(cosine, where + ", cosine");
    SortedMap<Integer, Double> percentiles = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : cosine.properties()) {
      double value = cosines.cosine(entry.getKey());
      Matcher percentile = PERCENTILE.matcher(entry.getKey());
      if (percentile.matches()) {
        percentiles.put(Integer.parseInt(percentile.group(1)), value);
      }
    }
    Quality.OutputQuality output =
        new Quality.OutputQuality(
            name,
            in.text("vector").equals(Quality.OutputQuality.POOLED),
            in.decibels("sqnr-db"),
            cosines.cosine("mean"),
            cosines.cosine("min"),
            percentiles,
            in.share("argmax-agreement"),
            perSample(node, where),
            node.has("classes") ? Optional.of(facts(in, where)) : Optional.empty());
    if (!output.vector().equals(in.text("vector"))) {
      throw in.impossible("vector");
    }
    return output;
  }

  private static PerSample perSample(ObjectNode output, String where) {
    List<Double> cosines = List.of();
    List<Double> sqnrs = List.of();
    List<PerSample.Worst> worst = new ArrayList<>();
    Optional<Interval> mean = Optional.empty();
    if (output.has("per-sample")) {
      ObjectNode node = StrictJson.child(output, "per-sample", where);
      FigureReader in = new FigureReader(node, where);
      cosines = in.numbers("cosine-quantiles");
      sqnrs = in.numbers("sqnr-db-quantiles");
      if (node.has(INTERVAL)) {
        mean = Optional.of(interval(StrictJson.child(node, INTERVAL, where), where));
      }
      for (ObjectNode each : in.objects("worst")) {
        FigureReader one = new FigureReader(each, where + ", worst");
        worst.add(
            new PerSample.Worst(one.text("sample"), one.cosine("cosine"), one.decibels("sqnr-db")));
      }
    }
    List<Float> floats = List.of();
    List<Float> quantized = List.of();
    if (output.has("values")) {
      FigureReader in = new FigureReader(StrictJson.child(output, "values", where), where);
      floats = in.floats("float");
      quantized = in.floats("quantized");
      if (floats.size() != quantized.size()) {
        throw new FigureReader(output, where).impossible("values");
      }
    }
    return new PerSample(cosines, sqnrs, worst, floats, quantized, mean);
  }

  private static Interval interval(ObjectNode node, String where) {
    FigureReader in = new FigureReader(node, where + ", " + INTERVAL);
    double low = in.number("low", -2, 2);
    double high = in.number("high", -2, 2);
    if (!(low <= high)) {
      throw in.impossible("high");
    }
    return new Interval(low, high);
  }

  private static OutputFacts facts(FigureReader in, String where) {
    List<ChannelQuality> channels = new ArrayList<>();
    for (ObjectNode axis : in.objects("channels")) {
      channels.add(channel(axis, where + ", channels"));
    }
    return new OutputFacts(
        in.number("largest-error", 0, Double.MAX_VALUE),
        in.flag("classes"),
        in.share("labels-equal"),
        in.flag("one-value"),
        in.count("samples-of-other-shape"),
        in.count("samples-without-values"),
        in.count("equal-non-finite-values"),
        in.count("different-non-finite-values"),
        channels);
  }

  private static ChannelQuality channel(ObjectNode axis, String where) {
    FigureReader in = new FigureReader(axis, where);
    FigureReader worst = new FigureReader(StrictJson.child(axis, "worst", where), where);
    return new ChannelQuality(
        in.axis("axis"),
        in.size("channels"),
        in.size(BELOW),
        worst.size("channel"),
        worst.decibels("sqnr-db"),
        worst.single("largest-error"),
        worst.single("float-low"),
        worst.single("float-high"));
  }
}
