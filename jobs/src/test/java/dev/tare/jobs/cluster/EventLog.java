package dev.tare.jobs.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What Spark itself recorded of an application: which executors ran which jobs. */
final class EventLog {

  private final Map<String, Set<String>> executorsByDescription = new HashMap<>();

  private EventLog() {}

  /** Reads all logs below a folder. */
  static EventLog read(Path folder) throws IOException {
    EventLog log = new EventLog();
    List<Path> files;
    try (Stream<Path> walk = Files.walk(folder)) {
      files = walk.filter(Files::isRegularFile).toList();
    }
    Map<Integer, String> descriptionByStage = new HashMap<>();
    ObjectMapper mapper = new ObjectMapper();
    for (Path file : new ArrayList<>(files)) {
      for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        if (!line.startsWith("{")) {
          continue;
        }
        JsonNode event = mapper.readTree(line);
        switch (event.path("Event").asText()) {
          case "SparkListenerJobStart" ->
              event
                  .path("Stage IDs")
                  .forEach(
                      stage ->
                          descriptionByStage.put(
                              stage.asInt(),
                              event.path("Properties").path("spark.job.description").asText()));
          case "SparkListenerTaskEnd" ->
              log.executorsByDescription
                  .computeIfAbsent(
                      descriptionByStage.getOrDefault(event.path("Stage ID").asInt(), ""),
                      d -> new TreeSet<>())
                  .add(event.path("Task Info").path("Executor ID").asText());
          default -> {
            // Other events do not matter here.
          }
        }
      }
    }
    return log;
  }

  /** Executors that ran tasks of jobs whose description begins so. */
  Set<String> executors(String description) {
    Set<String> executors = new TreeSet<>();
    executorsByDescription.forEach(
        (text, ids) -> {
          if (text.startsWith(description)) {
            executors.addAll(ids);
          }
        });
    return executors;
  }
}
