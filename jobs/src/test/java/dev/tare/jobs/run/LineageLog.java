package dev.tare.jobs.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A home whose OpenLineage configuration sends events somewhere, while it is open. */
final class LineageLog implements AutoCloseable {

  private static final String HOME = "user.home";

  private final String before = System.getProperty(HOME);
  private final Path events;

  private LineageLog(Path home, Path events, String transport) throws IOException {
    this.events = events;
    Path folder = Files.createDirectories(home.resolve(".openlineage"));
    Files.writeString(folder.resolve("openlineage.yml"), "transport:\n" + transport);
    System.setProperty(HOME, home.toString());
  }

  /** Events become lines of a file. */
  static LineageLog inFile(Path home) throws IOException {
    Path events = home.resolve("events.jsonl");
    return new LineageLog(home, events, "  type: file\n  location: " + events + "\n");
  }

  /** Events go to a server. */
  static LineageLog atServer(Path home, int port) throws IOException {
    return new LineageLog(
        home, home.resolve("none"), "  type: http\n  url: http://127.0.0.1:" + port + "\n");
  }

  /** Those sent so far. */
  List<JsonNode> events() throws IOException {
    List<JsonNode> all = new ArrayList<>();
    for (String line : Files.readAllLines(events)) {
      all.add(new ObjectMapper().readTree(line));
    }
    return all;
  }

  /** An input of an event by its role in the run. */
  static JsonNode input(JsonNode event, String role) {
    for (JsonNode input : event.path("inputs")) {
      if (input.path("facets").path("tare_input").path("role").asText().equals(role)) {
        return input;
      }
    }
    throw new AssertionError("no input '" + role + "' in " + event);
  }

  @Override
  public void close() {
    System.setProperty(HOME, before);
  }
}
