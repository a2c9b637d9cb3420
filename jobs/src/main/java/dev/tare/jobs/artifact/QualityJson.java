package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;
import dev.tare.jobs.TareException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The layout of {@code quality.json}, format version 1; numbers that JSON lacks are null.
 *
 * <p>Keys may be added within a version, so unknown keys of a newer program are ignored. Known keys
 * must have valid types and bounds, so that no impossible figure is shown.
 */
public final class QualityJson {

  private static final int FORMAT_VERSION = 1;

  private QualityJson() {}

  /** Formats the report; equal figures give equal text. */
  public static String format(Quality quality) {
    ObjectNode root = JsonText.object();
    root.put("format-version", FORMAT_VERSION);
    root.put("samples", quality.samples());
    root.put("held-out", quality.heldOut());
    quality.cpus().forEach(root.putArray("cpus")::add);
    root.put("gate", quality.gate().outcome());
    quality.gate().failures().forEach(root.putArray("gate-failures")::add);
    ArrayNode outputs = root.putArray("outputs");
    quality.outputs().forEach(output -> OutputQualityJson.put(outputs.addObject(), output));
    quality.warnings().forEach(root.putArray("warnings")::add);
    quality
        .nearestNeighbour()
        .ifPresent(
            share -> {
              JsonText.put(root, "nearest-neighbour-agreement", share);
              root.put("nearest-neighbour-samples", quality.neighbourSamples());
            });
    JsonText.put(root, "quantized-time-over-float", quality.timeRatio());
    quality.target().ifPresent(measured -> measured.put(root.putObject("target")));
    quality.latency().ifPresent(measured -> measured.put(root.putObject("latency")));
    quality.sensitivity().ifPresent(measured -> put(root.putObject("sensitivity"), measured));
    quality.labels().ifPresent(measured -> measured.put(root.putObject("labels")));
    return JsonText.format(root);
  }

  private static void put(ObjectNode node, Sensitivity measured) {
    node.put("samples", measured.samples());
    put(node, measured.quantized());
    ArrayNode operators = node.putArray("operators");
    measured
        .operators()
        .forEach(
            (name, score) -> {
              ObjectNode operator = operators.addObject();
              operator.put("node", name);
              put(operator, score);
            });
  }

  private static void put(ObjectNode node, Sensitivity.Score score) {
    JsonText.put(node, "cosine-mean", score.cosineMean());
    JsonText.put(node, "sqnr-db", score.sqnrDb());
  }

  /**
   * Reads what {@link #format} wrote, in this or an older version. Fields missing in an older one
   * are empty, and a figure that JSON cannot represent is NaN.
   *
   * @param where name of the document in errors
   * @throws TareException (bad input) if it is of another format version, or a value is impossible;
   *     the message names document and key
   */
  public static Quality parse(String text, String where) {
    ObjectNode root = StrictJson.parse(text, where);
    StrictJson.requireVersion(root, FORMAT_VERSION, where);
    FigureReader in = new FigureReader(root, where);
    Optional<Double> nearest = in.share("nearest-neighbour-agreement");
    return new Quality(
        in.count("samples"),
        root.has("held-out") ? StrictJson.text(root, "held-out", where) : "",
        outputs(root, where),
        nearest,
        root.has("nearest-neighbour-samples") ? in.size("nearest-neighbour-samples") : 0,
        in.number("quantized-time-over-float", 0, Double.MAX_VALUE),
        new TreeSet<>(in.texts("cpus")),
        gate(in),
        in.texts("warnings"),
        root.has("target")
            ? Optional.of(
                TargetQuality.of(StrictJson.child(root, "target", where), where + ", target"))
            : Optional.empty(),
        root.has("latency")
            ? Optional.of(Latency.of(StrictJson.child(root, "latency", where), where + ", latency"))
            : Optional.empty(),
        root.has("sensitivity")
            ? Optional.of(
                sensitivity(StrictJson.child(root, "sensitivity", where), where + ", sensitivity"))
            : Optional.empty(),
        root.has("labels")
            ? Optional.of(
                LabelQuality.of(StrictJson.child(root, "labels", where), where + ", labels"))
            : Optional.empty());
  }

  private static Quality.GateResult gate(FigureReader in) {
    List<String> failures = in.texts("gate-failures");
    GateOutcome outcome = GateOutcome.of(in.text("gate")).orElseThrow(() -> in.impossible("gate"));
    boolean asked = outcome != GateOutcome.NONE;
    return new Quality.GateResult(
        asked, asked ? outcome == GateOutcome.PASSED : failures.isEmpty(), failures);
  }

  private static List<Quality.OutputQuality> outputs(ObjectNode root, String where) {
    List<Quality.OutputQuality> outputs = new ArrayList<>();
    for (JsonNode node : StrictJson.array(root, "outputs", where)) {
      outputs.add(OutputQualityJson.of(StrictJson.object(node, "outputs", where), where));
    }
    return outputs;
  }

  private static Sensitivity sensitivity(ObjectNode node, String where) {
    SortedMap<String, Sensitivity.Score> operators = new TreeMap<>();
    for (JsonNode each : StrictJson.array(node, "operators", where)) {
      ObjectNode operator = StrictJson.object(each, "operators", where);
      operators.put(
          StrictJson.text(operator, "node", where + ", operators"), score(operator, where));
    }
    return new Sensitivity(
        new FigureReader(node, where).count("samples"), score(node, where), operators);
  }

  private static Sensitivity.Score score(ObjectNode node, String where) {
    FigureReader in = new FigureReader(node, where);
    return new Sensitivity.Score(in.decibels("sqnr-db"), in.cosine("cosine-mean"));
  }
}
