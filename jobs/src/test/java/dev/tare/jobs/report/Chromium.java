package dev.tare.jobs.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A headless Chromium, driven through its debugging protocol on the loopback. One page at a time;
 * not thread-safe.
 *
 * <p>Where there is none, the test that asks is skipped with the reason, or fails if the variable
 * {@code CI} is {@code true}.
 */
public final class Chromium implements AutoCloseable {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
  private static final long MOST_SECONDS = 1800;

  private final Process process;
  private final WebSocket socket;
  private final LinkedBlockingQueue<JsonNode> messages;
  private final List<JsonNode> events = new ArrayList<>();
  private String session = "";
  private int calls;

  private Chromium(Process process, WebSocket socket, LinkedBlockingQueue<JsonNode> messages) {
    this.process = process;
    this.socket = socket;
    this.messages = messages;
  }

  /** Starts a browser with a profile of its own. */
  public static Chromium start(Path profile) throws IOException {
    Optional<String> program = program();
    if (program.isEmpty()) {
      String reason = "no Chromium on the PATH: " + String.join(", ", NAMES);
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError(reason);
      }
      Assumptions.abort(reason);
    }
    Process process =
        new ProcessBuilder(
                program.get(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "about:blank")
            .redirectErrorStream(true)
            .start();
    LinkedBlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
    WebSocket socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(address(process), new Listener(messages))
            .join();
    Chromium browser = new Chromium(process, socket, messages);
    String target =
        browser
            .call("Target.createTarget", node().put("url", "about:blank"))
            .path("targetId")
            .asText();
    browser.session =
        browser
            .call("Target.attachToTarget", node().put("targetId", target).put("flatten", true))
            .path("sessionId")
            .asText();
    for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
      browser.call(domain + ".enable", node());
    }
    browser.call("Performance.enable", node().put("timeDomain", "threadTicks"));
    return browser;
  }

  private static Optional<String> program() {
    return NAMES.stream()
        .flatMap(
            name ->
                Stream.of(System.getenv("PATH").split(java.io.File.pathSeparator, -1))
                    .map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  /** The browser says where it listens; what it says later is read away. */
  private static URI address(Process process) throws IOException {
    BufferedReader reader = process.inputReader(StandardCharsets.UTF_8);
    StringBuilder said = new StringBuilder();
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      said.append(line).append('\n');
      int at = line.indexOf("ws://");
      if (at >= 0) {
        Thread drain = new Thread(() -> drain(reader), "chromium");
        drain.setDaemon(true);
        drain.start();
        return URI.create(line.substring(at).trim());
      }
    }
    throw new IOException("Chromium ended: " + said);
  }

  private static void drain(BufferedReader reader) {
    try {
      while (reader.readLine() != null) {
        // Read away.
      }
    } catch (IOException e) {
      // The browser was ended.
    }
  }

  private static final class Listener implements WebSocket.Listener {
    private final LinkedBlockingQueue<JsonNode> messages;
    private final StringBuilder text = new StringBuilder();

    Listener(LinkedBlockingQueue<JsonNode> messages) {
      this.messages = messages;
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      text.append(data);
      if (last) {
        try {
          messages.add(MAPPER.readTree(text.toString()));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        text.setLength(0);
      }
      from.request(1);
      return CompletableFuture.completedFuture(null);
    }
  }

  private static ObjectNode node() {
    return MAPPER.createObjectNode();
  }

  private JsonNode call(String method, ObjectNode params) throws IOException {
    ObjectNode message = node().put("id", ++calls).put("method", method);
    message.set("params", params);
    if (!session.isEmpty()) {
      message.put("sessionId", session);
    }
    socket.sendText(message.toString(), true).join();
    JsonNode answer = await(m -> m.path("id").asInt() == calls);
    if (answer.has("error")) {
      throw new IOException(method + ": " + answer.get("error"));
    }
    return answer.path("result");
  }

  private interface Wanted {
    boolean is(JsonNode message);
  }

  private JsonNode await(Wanted wanted) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
    try {
      while (true) {
        JsonNode message = messages.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (message == null) {
          throw new IOException("Chromium gave no answer for " + MOST_SECONDS + " seconds");
        }
        if (message.has("method")) {
          events.add(message);
        }
        if (wanted.is(message)) {
          return message;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** A screen of this size and liking. */
  public void screen(int width, int height, boolean dark) throws IOException {
    call(
        "Emulation.setDeviceMetricsOverride",
        node()
            .put("width", width)
            .put("height", height)
            .put("deviceScaleFactor", 1)
            .put("mobile", width < 600));
    ObjectNode media = node();
    media
        .putArray("features")
        .addObject()
        .put("name", "prefers-color-scheme")
        .put("value", dark ? "dark" : "light");
    call("Emulation.setEmulatedMedia", media);
  }

  /** Whether pages may run scripts. */
  void scripts(boolean allowed) throws IOException {
    call("Emulation.setScriptExecutionDisabled", node().put("value", !allowed));
  }

  /** Opens a file and waits until it is loaded; events of earlier pages are forgotten. */
  void open(Path file) throws IOException {
    open(file.toUri());
  }

  /** Opens an address and waits until it is loaded; events of earlier pages are forgotten. */
  public void open(URI page) throws IOException {
    events.clear();
    JsonNode answer = call("Page.navigate", node().put("url", page.toString()));
    if (answer.has("errorText")) {
      throw new IOException(page + ": " + answer.get("errorText").asText());
    }
    if (events.stream().noneMatch(e -> e.path("method").asText().equals("Page.loadEventFired"))) {
      await(m -> m.path("method").asText().equals("Page.loadEventFired"));
    }
  }

  /** The value of an expression, as text. */
  public String evaluate(String expression) throws IOException {
    JsonNode result =
        call("Runtime.evaluate", node().put("expression", expression).put("returnByValue", true));
    if (result.has("exceptionDetails")) {
      throw new AssertionError(expression + ": " + result.get("exceptionDetails"));
    }
    return result.path("result").path("value").asText();
  }

  /**
   * Waits until an expression is true.
   *
   * @throws IOException if it is not within 90 seconds; the message holds the text of the page
   */
  public void awaitTrue(String expression) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
    while (!evaluate(expression).equals("true")) {
      if (System.nanoTime() > end) {
        throw new IOException(
            "%s is not true after %d seconds of: %s"
                .formatted(expression, MOST_SECONDS, evaluate("document.body.innerText")));
      }
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    }
  }

  /** Presses and releases a key on what has the focus. */
  void press(String key, String text) throws IOException {
    for (String type : List.of("keyDown", "keyUp")) {
      ObjectNode event = node().put("type", type).put("key", key).put("code", key);
      event.put("windowsVirtualKeyCode", key.equals("Tab") ? 9 : 13);
      if (type.equals("keyDown") && !text.isEmpty()) {
        event.put("text", text);
      }
      call("Input.dispatchKeyEvent", event);
    }
  }

  /** Processor seconds of the page's thread so far: what a loaded machine takes is not counted. */
  double seconds() throws IOException {
    for (JsonNode metric : call("Performance.getMetrics", node()).path("metrics")) {
      if (metric.path("name").asText().equals("TaskDuration")) {
        return metric.path("value").asDouble();
      }
    }
    throw new IOException("Chromium has no TaskDuration");
  }

  /** Writes what the screen shows as PNG; folders are made. */
  public void screenshot(Path file) throws IOException {
    String png = call("Page.captureScreenshot", node().put("format", "png")).path("data").asText();
    Files.createDirectories(file.getParent());
    Files.write(file, Base64.getDecoder().decode(png));
  }

  /** What the page said on its console or went wrong in it. */
  public List<String> complaints() throws IOException {
    evaluate("0");
    return events.stream()
        .filter(
            e ->
                List.of("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
                    .contains(e.path("method").asText()))
        .map(JsonNode::toString)
        .toList();
  }

  /** Addresses that were asked for, beside the page and what it holds in itself. */
  List<String> requests(Path page) throws IOException {
    evaluate("0");
    return events.stream()
        .filter(e -> e.path("method").asText().equals("Network.requestWillBeSent"))
        .map(e -> e.path("params").path("request").path("url").asText())
        .filter(url -> !url.startsWith("data:") && !url.equals(page.toUri().toString()))
        .toList();
  }

  @Override
  public void close() {
    socket.abort();
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    try {
      process.waitFor(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
