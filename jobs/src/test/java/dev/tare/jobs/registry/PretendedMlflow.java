package dev.tare.jobs.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Answers as an MLflow server does, as far as we ask; MlflowTest holds the same to a real one. */
final class PretendedMlflow implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String API = "/api/2.0/mlflow/";
  private static final String ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/";
  private static final Pattern TAG = Pattern.compile("tags\\.(\\w+) ?= ?'([^']*)'");

  private final HttpServer server;
  private final Map<String, ObjectNode> runs = new LinkedHashMap<>();
  private final Map<String, ObjectNode> versions = new LinkedHashMap<>();
  private final Map<String, String> aliases = new TreeMap<>();
  private final Map<String, byte[]> artifacts = new ConcurrentHashMap<>();
  private boolean model;
  private boolean experiment;

  PretendedMlflow() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  SortedMap<String, byte[]> artifacts() {
    return new TreeMap<>(artifacts);
  }

  private synchronized void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (path.startsWith(ARTIFACTS)) {
      artifacts.put(path.substring(ARTIFACTS.length()), body);
      send(exchange, 200, JSON.createObjectNode());
      return;
    }
    JsonNode given =
        exchange.getRequestMethod().equals("GET") ? query(exchange) : JSON.readTree(body);
    ObjectNode answer = JSON.createObjectNode();
    String error = answer(exchange.getRequestMethod(), path.substring(API.length()), given, answer);
    if (!error.isEmpty()) {
      answer.put("error_code", error).put("message", error);
    }
    send(exchange, error.isEmpty() ? 200 : error.endsWith("EXISTS") ? 400 : 404, answer);
  }

  private static ObjectNode query(HttpExchange exchange) {
    ObjectNode given = JSON.createObjectNode();
    for (String pair : exchange.getRequestURI().getRawQuery().split("&", -1)) {
      given.put(
          pair.substring(0, pair.indexOf('=')),
          URLDecoder.decode(pair.substring(pair.indexOf('=') + 1), StandardCharsets.UTF_8));
    }
    return given;
  }

  private static void send(HttpExchange exchange, int status, ObjectNode answer)
      throws IOException {
    byte[] bytes = answer.toString().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private String answer(String verb, String method, JsonNode given, ObjectNode answer) {
    switch (method) {
      case "registered-models/create" -> {
        if (model) {
          return "RESOURCE_ALREADY_EXISTS";
        }
        model = true;
      }
      case "experiments/get-by-name" -> {
        if (!experiment) {
          return "RESOURCE_DOES_NOT_EXIST";
        }
        answer.putObject("experiment").put("experiment_id", "7");
      }
      case "experiments/create" -> {
        experiment = true;
        answer.put("experiment_id", "7");
      }
      case "runs/create" -> {
        String id = "run" + runs.size();
        ObjectNode run = given.deepCopy();
        ObjectNode info = run.putObject("info").put("run_id", id);
        info.put("artifact_uri", "mlflow-artifacts:/7/" + id + "/artifacts");
        runs.put(id, run);
        answer.set("run", run);
      }
      case "runs/log-batch", "runs/update" ->
          runs.get(given.path("run_id").asText()).setAll((ObjectNode) given);
      case "runs/search" -> find(runs, given, answer.putArray("runs"));
      case "model-versions/search" -> find(versions, given, answer.putArray("model_versions"));
      case "model-versions/create" -> {
        ObjectNode version = given.deepCopy();
        version.put("version", String.valueOf(versions.size() + 1));
        versions.put(version.path("version").asText(), version);
        answer.set("model_version", version);
      }
      case "registered-models/alias" -> {
        String alias = given.path("name").asText() + "@" + given.path("alias").asText();
        if (verb.equals("POST")) {
          aliases.put(alias, given.path("version").asText());
        } else if (!aliases.containsKey(alias)) {
          return "INVALID_PARAMETER_VALUE";
        } else {
          answer.set("model_version", versions.get(aliases.get(alias)));
        }
      }
      default -> {
        return "ENDPOINT_NOT_FOUND";
      }
    }
    return "";
  }

  private static void find(Map<String, ObjectNode> all, JsonNode given, ArrayNode found) {
    Matcher tag = TAG.matcher(given.path("filter").asText());
    if (tag.find()) {
      for (ObjectNode each : all.values()) {
        for (JsonNode its : each.path("tags")) {
          if (its.path("key").asText().equals(tag.group(1))
              && its.path("value").asText().equals(tag.group(2))) {
            found.add(each);
          }
        }
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
