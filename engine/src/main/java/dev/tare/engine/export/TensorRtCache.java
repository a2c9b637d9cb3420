package dev.tare.engine.export;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * TensorRT's calibration cache: a symmetric int8 scale for each tensor, which TensorRT up to 10
 * reads instead of calibrating.
 *
 * <pre>
 * TRT-8501-EntropyCalibration2     TRT, version, algorithm; another version makes TensorRT recalibrate
 * input: 4000890a                  name, then the bits of the float32 scale in hexadecimal, most
 * conv1/out:0: 3c010a14            significant digit first, without leading zeros
 * </pre>
 *
 * <p>A scale is the tensor's largest magnitude over 127. There are no zero points and no channels,
 * and names may contain colons: the last colon and space split a line. Lines end in LF and keep
 * their order, so that {@link #format} returns the bytes that {@link #parse} read; only CRs and
 * blank lines are lost.
 *
 * <p>TensorRT's own entropy calibrator takes the middle of a histogram's cell as the magnitude, up
 * to 2048.5/2048 of the largest one.
 *
 * @param version TensorRT's version: 8501 for 8.5.1, 100300 for 10.3.0
 * @param algorithm calibrator, such as {@code EntropyCalibration2} or {@code MinMaxCalibration}
 * @param scales finite and not negative, by tensor, in the order of the lines
 */
public record TensorRtCache(int version, String algorithm, Map<String, Float> scales) {

  private static final Pattern HEADER = Pattern.compile("TRT-([0-9]{1,9})-([A-Za-z0-9]+)");
  private static final Pattern BITS = Pattern.compile("[0-9a-f]{1,8}");
  private static final int STEPS = 127;

  /**
   * @throws IllegalArgumentException if the header or a line could not be parsed again
   */
  public TensorRtCache {
    if (!HEADER.matcher("TRT-" + version + "-" + algorithm).matches()) {
      throw new IllegalArgumentException(
          "Invalid TensorRT cache: version %d, algorithm '%s'".formatted(version, algorithm));
    }
    Map<String, Float> copy = new LinkedHashMap<>(scales);
    copy.forEach(
        (name, scale) -> {
          if (name.isEmpty() || name.contains("\n") || name.contains("\r")) {
            throw new IllegalArgumentException("Invalid name in a TensorRT cache: '" + name + "'");
          }
          if (!(scale >= 0) || scale.isInfinite()) {
            throw new IllegalArgumentException(
                "Invalid scale of tensor '%s' in a TensorRT cache: %s".formatted(name, scale));
          }
        });
    scales = Collections.unmodifiableMap(copy);
  }

  /**
   * Creates the cache for tensors whose range is [-magnitude, magnitude].
   *
   * @throws IllegalArgumentException if a magnitude is negative or not finite
   */
  public static TensorRtCache ofMagnitudes(
      int version, String algorithm, Map<String, Float> magnitudes) {
    Map<String, Float> scales = new LinkedHashMap<>();
    magnitudes.forEach((name, magnitude) -> scales.put(name, (float) (magnitude / (double) STEPS)));
    return new TensorRtCache(version, algorithm, scales);
  }

  /**
   * Reads a cache.
   *
   * @throws IllegalArgumentException if the header is not valid, a line has no name or no
   *     hexadecimal number, a scale is negative or not finite, or a tensor occurs twice
   */
  public static TensorRtCache parse(String text) {
    List<String> lines = new ArrayList<>(text.lines().toList());
    String header = lines.isEmpty() ? "" : lines.remove(0);
    var matcher = HEADER.matcher(header);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "Not a TensorRT cache: its first line is '%s', not TRT-VERSION-ALGORITHM"
              .formatted(header));
    }
    Map<String, Float> scales = new LinkedHashMap<>();
    for (String line : lines) {
      if (line.isBlank()) {
        continue;
      }
      int colon = line.lastIndexOf(": ");
      String bits = line.substring(colon + 1).strip();
      if (colon < 1 || !BITS.matcher(bits).matches()) {
        throw new IllegalArgumentException(
            "Invalid line in a TensorRT cache: '%s', not 'NAME: HEX'".formatted(line));
      }
      String name = line.substring(0, colon);
      float scale = Float.intBitsToFloat(Integer.parseUnsignedInt(bits, 16));
      if (scales.put(name, scale) != null) {
        throw new IllegalArgumentException(
            "Tensor '" + name + "' occurs twice in a TensorRT cache");
      }
    }
    return new TensorRtCache(Integer.parseInt(matcher.group(1)), matcher.group(2), scales);
  }

  /** Formats the text of the file, to be encoded in UTF-8. */
  public String format() {
    StringBuilder text = new StringBuilder("TRT-" + version + "-" + algorithm + "\n");
    scales.forEach(
        (name, scale) ->
            text.append(name)
                .append(": ")
                .append(Integer.toHexString(Float.floatToRawIntBits(scale)))
                .append('\n'));
    return text.toString();
  }

  /** Returns the largest magnitude that each tensor's integers cover. */
  public Map<String, Float> magnitudes() {
    Map<String, Float> magnitudes = new LinkedHashMap<>();
    scales.forEach((name, scale) -> magnitudes.put(name, (float) (scale * (double) STEPS)));
    return Collections.unmodifiableMap(magnitudes);
  }
}
