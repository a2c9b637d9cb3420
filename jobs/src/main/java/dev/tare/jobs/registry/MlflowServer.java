package dev.tare.jobs.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Collectors;

/** The REST API of an MLflow server. */
final class MlflowServer {

  private static final String API = "/api/2.0/mlflow/";
  private static final String ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/";
  private static final String PROXIED = "mlflow-artifacts:/";
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofSeconds(60);
  private static final Duration UPLOAD = Duration.ofHours(1);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String root;
  private final Map<String, String> environment;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  /**
   * @param uri of the server, {@code http} or {@code https}
   * @param environment has what MLflow's own clients authenticate by, if it is needed
   * @throws TareException (usage) if the URI is another
   */
  MlflowServer(String uri, Map<String, String> environment) {
    if (!uri.matches("https?://[^/?#@]+(/[^?#]*)?") || !isAddress(uri)) {
      throw TareException.usage(
          "--mlflow takes the address of a tracking server, such as http://mlflow:5000, not '%s'"
              .formatted(uri.replaceFirst("//.*@", "//...@")));
    }
    this.root = uri.replaceFirst("/+$", "");
    this.environment = Map.copyOf(environment);
  }

  /** Names of hosts may lack a place in a URI, such as those with an underscore. */
  private static boolean isAddress(String uri) {
    try {
      return URI.create(uri).getHost() != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** An answer that is an error, with MLflow's code for it. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final String code;

    private Refusal(String code, String message) {
      super(message);
      this.code = code;
    }

    String code() {
      return code;
    }
  }

  String root() {
    return root;
  }

  static ObjectNode object() {
    return JSON.createObjectNode();
  }

  JsonNode get(String method, SortedMap<String, String> query) throws IOException {
    String text =
        query.entrySet().stream()
            .map(each -> each.getKey() + "=" + encoded(each.getValue()))
            .collect(Collectors.joining("&"));
    return answer(request(API + method + "?" + text, ANSWER).GET().build());
  }

  JsonNode post(String method, ObjectNode body) throws IOException {
    return answer(
        request(API + method, ANSWER)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body.toString(), StandardCharsets.UTF_8))
            .build());
  }

  /** As {@link #post}; empty if the server answers by a code, which is expected. */
  Optional<JsonNode> postUnless(String code, String method, ObjectNode body) throws IOException {
    try {
      return Optional.of(post(method, body));
    } catch (Refusal e) {
      if (e.code().equals(code)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Bytes to send. */
  interface Source {
    InputStream open() throws IOException;
  }

  /**
   * Writes an artifact through the server.
   *
   * @param folder the artifact URI of a run
   * @param name path below it
   * @throws TareException (usage) if the server does not pass artifacts on
   */
  void upload(String folder, String name, long bytes, Source source) throws IOException {
    if (!folder.startsWith(PROXIED)) {
      throw TareException.usage(
          "The MLflow at %s keeps artifacts at %s and takes none itself; start it with --serve-artifacts and --artifacts-destination"
              .formatted(root, folder));
    }
    // An address may name the server too.
    String path = URI.create(folder).getPath().replaceFirst("^/+", "") + "/" + name;
    BodyPublisher content =
        BodyPublishers.ofInputStream(
            () -> {
              try {
                return source.open();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    answer(
        request(ARTIFACTS + path, UPLOAD)
            .header("Content-Type", "application/octet-stream")
            .PUT(BodyPublishers.fromPublisher(content, Math.max(1, bytes)))
            .build());
  }

  private HttpRequest.Builder request(String path, Duration limit) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(root + path)).timeout(limit);
    Optional<String> token = variable("MLFLOW_TRACKING_TOKEN");
    Optional<String> user = variable("MLFLOW_TRACKING_USERNAME");
    if (token.isPresent()) {
      request.header("Authorization", "Bearer " + token.get());
    } else if (user.isPresent()) {
      String pair = user.get() + ":" + variable("MLFLOW_TRACKING_PASSWORD").orElse("");
      request.header(
          "Authorization",
          "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
    }
    return request;
  }

  Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
  }

  /**
   * Sends a request.
   *
   * @throws Refusal if the server says what is wrong with it
   * @throws TareException (platform) if it cannot be reached or fails itself; (usage) if it does
   *     not let us in
   */
  private JsonNode answer(HttpRequest request) throws IOException {
    HttpResponse<String> response;
    try {
      response = client.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (IOException e) {
      throw unreachable(Optional.ofNullable(e.getMessage()).orElse(e.toString()), e);
    }
    int status = response.statusCode();
    if (status == 401 || status == 403) {
      throw TareException.usage(
          "The MLflow at %s refuses to let us in (%d): set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
              .formatted(root, status));
    }
    if (status == 429 || status >= 500) {
      throw unreachable("it answers %d to %s".formatted(status, request.uri().getPath()), null);
    }
    JsonNode body = parsed(response.body());
    if (status != 200) {
      throw new Refusal(
          body.path("error_code").asText(String.valueOf(status)),
          "%d for %s: %s"
              .formatted(status, request.uri().getPath(), body.path("message").asText("")));
    }
    return body;
  }

  private TareException unreachable(String why, Throwable cause) {
    return TareException.platform(
        "Cannot reach the MLflow at %s (%s); the run stays finished: publish it again when the server is there"
            .formatted(root, why),
        cause);
  }

  private static JsonNode parsed(String text) {
    try {
      return text.isBlank() ? object() : JSON.readTree(text);
    } catch (IOException e) {
      return object().put("message", text.length() > 200 ? text.substring(0, 200) : text);
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
