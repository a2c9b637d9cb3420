package dev.tare.engine.export;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.range.Range;
import java.util.Collections;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The ranges of activations as AI Edge Quantizer keeps the result of a calibration, so that its
 * recipes can be applied to a .tflite model without its own.
 *
 * <pre>
 * {"model_qsvs": {"conv": {"max": [6.0], "min": [0.0]}, ...},
 *  "metadata": {"num_samples_calibrated": 300}}
 * </pre>
 *
 * <p>Numbers are those of the float32 ranges, written as float64. It takes NaN, infinities and
 * ranges in reverse, and its models then crash or compute nonsense; a {@link Range} has none.
 *
 * @param ranges by tensor of the model
 * @param samples number of samples that they come from; empty if unknown
 * @see <a
 *     href="https://github.com/google-ai-edge/ai-edge-quantizer">calibration_utils.load_calibration_results</a>
 */
public record AeqRanges(SortedMap<String, Range> ranges, OptionalLong samples) {

  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  public AeqRanges {
    ranges = Collections.unmodifiableSortedMap(new TreeMap<>(ranges));
  }

  /** Formats the text of the file, to be encoded in UTF-8. */
  public String format() {
    ObjectNode all = MAPPER.createObjectNode();
    ObjectNode tensors = all.putObject("model_qsvs");
    ranges.forEach(
        (tensor, range) -> {
          ObjectNode own = tensors.putObject(tensor);
          own.putArray("min").add((double) range.low());
          own.putArray("max").add((double) range.high());
        });
    samples.ifPresent(n -> all.putObject("metadata").put("num_samples_calibrated", n));
    try {
      return MAPPER.writeValueAsString(all) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("Cannot format a tree of numbers", e);
    }
  }
}
