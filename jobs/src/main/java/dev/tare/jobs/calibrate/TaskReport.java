package dev.tare.jobs.calibrate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;

/**
 * What one task did. It is returned with the states, so that a retried task counts once;
 * accumulators would count it twice.
 *
 * @param samples samples run
 * @param batches batches run
 * @param runNanos time inside the runtime
 * @param observeNanos time spent on counting
 * @param runtime version of the runtime
 * @param cpuModel name of the processor
 * @param cpuFeatures its features, which must be equal on all executors
 * @param jvm host and process that ran the task
 */
record TaskReport(
    long samples,
    long batches,
    long runNanos,
    long observeNanos,
    String runtime,
    String cpuModel,
    String cpuFeatures,
    String jvm) {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  byte[] encode() {
    return MAPPER
        .createObjectNode()
        .put("samples", samples)
        .put("batches", batches)
        .put("run-nanos", runNanos)
        .put("observe-nanos", observeNanos)
        .put("runtime", runtime)
        .put("cpu-model", cpuModel)
        .put("cpu-features", cpuFeatures)
        .put("jvm", jvm)
        .toString()
        .getBytes(StandardCharsets.UTF_8);
  }

  static TaskReport decode(byte[] json) {
    try {
      JsonNode node = MAPPER.readTree(new String(json, StandardCharsets.UTF_8));
      return new TaskReport(
          node.path("samples").asLong(),
          node.path("batches").asLong(),
          node.path("run-nanos").asLong(),
          node.path("observe-nanos").asLong(),
          node.path("runtime").asText(),
          node.path("cpu-model").asText(),
          node.path("cpu-features").asText(),
          node.path("jvm").asText());
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Invalid task report: " + e.getOriginalMessage(), e);
    }
  }
}
