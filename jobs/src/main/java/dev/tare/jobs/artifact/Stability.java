package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * How much scales of activations depend on which samples were seen: {@code stability.json}, format
 * version 1, beside a plan from merged statistics.
 *
 * @param parts runs that were merged, whose statistics were compared
 * @param samples of all of them
 * @param tensors by name, at least one
 */
public record Stability(int parts, long samples, List<Change> tensors) {

  private static final int FORMAT_VERSION = 1;

  /**
   * One scale.
   *
   * @param tensor what is quantized
   * @param db by how much twice as many samples would move its expected SQNR at most, in at least
   *     95 % of cases
   */
  public record Change(String tensor, double db) {}

  /**
   * @throws IllegalArgumentException if there is no tensor
   */
  public Stability {
    if (tensors.isEmpty()) {
      throw new IllegalArgumentException("Invalid stability: no tensor");
    }
    tensors = tensors.stream().sorted(Comparator.comparing(Change::tensor)).toList();
  }

  /** The scale that depends most on the samples. */
  public Change largest() {
    return tensors.stream().max(Comparator.comparingDouble(Change::db)).orElseThrow();
  }

  /** What more samples are good for, in one sentence. */
  public String sentence() {
    return String.format(
        Locale.ROOT,
        "Twice as many samples would move the output SQNR by at most %.2f dB (95 %%), as far as scales"
            + " of inputs decide it (%d parts of %,d samples; most by '%s')",
        largest().db(),
        parts,
        samples,
        largest().tensor());
  }

  /** Formats the document; equal figures give equal text. */
  public String format() {
    ObjectNode root = JsonText.object();
    root.put("format-version", FORMAT_VERSION);
    root.put("parts", parts);
    root.put("samples", samples);
    JsonText.put(root, "largest-db", largest().db());
    ArrayNode all = root.putArray("tensors");
    for (Change change : tensors) {
      ObjectNode node = all.addObject();
      node.put("tensor", change.tensor());
      JsonText.put(node, "change-db", change.db());
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
  public static Stability parse(String text, String where) {
    ObjectNode root = StrictJson.parse(text, where);
    StrictJson.requireVersion(root, FORMAT_VERSION, where);
    FigureReader in = new FigureReader(root, where);
    List<Change> tensors =
        in.objects("tensors").stream()
            .map(node -> new FigureReader(node, where + ", tensors"))
            .map(
                change ->
                    new Change(
                        change.text("tensor"), change.number("change-db", 0, Double.MAX_VALUE)))
            .toList();
    if (tensors.isEmpty()) {
      throw in.impossible("tensors");
    }
    return new Stability(in.size("parts"), in.count("samples"), tensors);
  }
}
