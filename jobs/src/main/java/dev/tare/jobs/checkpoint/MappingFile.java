package dev.tare.jobs.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.StrictJson;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.util.Iterator;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * Which initializer of a graph is which parameter of a checkpoint, as JSON:
 *
 * <pre>
 * {"format-version": 1,
 *  "parameters": {"onnx::MatMul_42": "encoder.layer.0.attention.self.query.weight"},
 *  "left": {"embeddings.word.weight": "it is not the weight of a linear layer"}}
 * </pre>
 *
 * A person who writes one needs no {@code left}; what is there is not read.
 */
final class MappingFile {

  static final String NAME = "parameter-names.json";

  private static final int VERSION = 1;
  private static final int MOST_BYTES = 16 << 20;
  private static final String PARAMETERS = "parameters";
  private static final String LEFT = "left";

  private MappingFile() {}

  static String format(SortedMap<String, String> parameters, SortedMap<String, String> left) {
    ObjectNode root = StrictJson.object().put("format-version", VERSION);
    ObjectNode names = root.putObject(PARAMETERS);
    parameters.forEach(names::put);
    ObjectNode others = root.putObject(LEFT);
    left.forEach(others::put);
    return StrictJson.format(root);
  }

  /**
   * @throws TareException (bad input) if it is something else
   */
  static SortedMap<String, String> read(String location, Configuration hadoop) throws IOException {
    String text = Locations.readShortText(location, MOST_BYTES, hadoop);
    ObjectNode root =
        StrictJson.parse(text, VERSION, Set.of("format-version", PARAMETERS, LEFT), location);
    ObjectNode names = StrictJson.child(root, PARAMETERS, location);
    SortedMap<String, String> parameters = new TreeMap<>();
    for (Iterator<String> each = names.fieldNames(); each.hasNext(); ) {
      String initializer = each.next();
      parameters.put(initializer, StrictJson.text(names, initializer, location));
    }
    return parameters;
  }
}
