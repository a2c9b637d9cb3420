package dev.tare.jobs.quantize;

import dev.tare.jobs.artifact.Settings;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Options of {@code tare dequantize}.
 *
 * @param quantized run folder with a plan and quantized weights
 * @param model float model that it was made from, path or URI; empty for the place in its manifest
 */
public record DequantizeOptions(String quantized, Optional<String> model) {

  SortedMap<String, String> configuration() {
    return new Settings().put("quantized", quantized).put("model", model).values();
  }
}
