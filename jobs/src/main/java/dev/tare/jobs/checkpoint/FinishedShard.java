package dev.tare.jobs.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.StrictJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What the note beside a finished file of the result says: a later attempt takes the file if its
 * bytes are still these, and it was made from the same.
 *
 * @param source hash of everything that decides the bytes of the file
 * @param digest of the file
 * @param weights the quantized weights in it
 */
record FinishedShard(String source, Digest digest, List<CheckpointJob.Weight> weights) {

  private static final int VERSION = 1;
  private static final Set<String> KEYS =
      Set.of("format-version", "source", "bytes", "sha256", "weights");

  FinishedShard {
    weights = List.copyOf(weights);
  }

  String format() {
    ObjectNode root =
        StrictJson.object()
            .put("format-version", VERSION)
            .put("source", source)
            .put("bytes", digest.bytes())
            .put("sha256", digest.sha256());
    ArrayNode all = root.putArray("weights");
    for (CheckpointJob.Weight weight : weights) {
      // As bits: JSON has no infinity, which a weight of exact values has.
      all.addObject()
          .put("tensor", weight.tensor())
          .put("bytes", weight.bytes())
          .put("sqnr-db-bits", Double.doubleToRawLongBits(weight.sqnrDb()));
    }
    return StrictJson.format(root);
  }

  /**
   * Reads what {@link #format} wrote.
   *
   * @throws TareException (bad input) if it is something else
   */
  static FinishedShard parse(String text, String where) {
    ObjectNode root = StrictJson.parse(text, VERSION, KEYS, where);
    List<CheckpointJob.Weight> weights = new ArrayList<>();
    for (JsonNode node : StrictJson.array(root, "weights", where)) {
      ObjectNode weight = StrictJson.object(node, "weights", where);
      weights.add(
          new CheckpointJob.Weight(
              StrictJson.text(weight, "tensor", where),
              StrictJson.integer(weight, "bytes", where),
              Double.longBitsToDouble(StrictJson.integer(weight, "sqnr-db-bits", where))));
    }
    try {
      return new FinishedShard(
          StrictJson.text(root, "source", where),
          new Digest(
              StrictJson.text(root, "sha256", where), StrictJson.integer(root, "bytes", where)),
          weights);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput("%s: %s".formatted(where, e.getMessage()), e);
    }
  }
}
