package dev.tare.jobs.airflow;

import dev.tare.jobs.cluster.LocalCluster;
import dev.tare.jobs.report.Chromium;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The web pages of an Airflow, on the loopback and for everybody there. */
final class AirflowPages implements AutoCloseable {

  private static final String VERSION = "/api/v2/version";
  private static final Duration START_LIMIT = Duration.ofMinutes(30);

  private final Airflow.Started server;
  private final URI root;

  private AirflowPages(Airflow.Started server, URI root) {
    this.server = server;
    this.root = root;
  }

  /** Starts the server and waits until it answers. */
  static AirflowPages serve(Airflow airflow) throws IOException {
    int port = LocalCluster.freePort();
    Airflow.Started server =
        airflow.start(
            "airflow",
            "api-server",
            "--host",
            "127.0.0.1",
            "--port",
            String.valueOf(port),
            "--workers",
            "1",
            "--apps",
            "core");
    AirflowPages pages = new AirflowPages(server, URI.create("http://127.0.0.1:" + port));
    try {
      pages.awaitAnswer();
      return pages;
    } catch (IOException | RuntimeException | Error e) {
      pages.close();
      throw e;
    }
  }

  /** Opens the graph of a run as wide as the screen, with the assets beside the tasks. */
  void openGraph(Chromium browser, String dag, String run) throws IOException {
    // Any page of the server: what a browser keeps is kept by server.
    browser.open(root.resolve(VERSION));
    browser.evaluate(
        """
        const keep = (key, value) => localStorage.setItem(key, JSON.stringify(value));
        keep('timezone', 'UTC');
        keep('default_dag_view', 'graph');
        keep('dependencies-%s', 'all');
        """
            .formatted(dag));
    browser.open(
        root.resolve(
            "/dags/%s/runs/%s".formatted(dag, URLEncoder.encode(run, StandardCharsets.UTF_8))));
    // The page is drawn in steps, and again when it gets wider, so all is tried until it stays.
    // What lies outside of the screen is not in the page: the asset at the end tells that all fits.
    browser.awaitTrue(
        """
        document.querySelector('button[aria-label="Collapse Details Panel"]')?.click();
        document.querySelector('.react-flow__minimap')?.style.setProperty('display', 'none');
        document.querySelector('.react-flow__controls-fitview')?.click();
        document.querySelector('.react-flow__node[data-id^=asset]')?.getBoundingClientRect().right
          > 0.9 * innerWidth && document.querySelector('.react-flow__minimap')?.offsetWidth === 0
        """);
  }

  private void awaitAnswer() throws IOException {
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest request =
        HttpRequest.newBuilder(root.resolve(VERSION)).timeout(START_LIMIT).build();
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    try {
      while (server.process().isAlive() && System.nanoTime() < deadline) {
        try {
          if (client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
            return;
          }
        } catch (IOException e) {
          // Not yet.
        }
        Thread.sleep(100);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    throw new IOException("The server does not answer; it said: " + server.said());
  }

  /** Ends the server and what it started. */
  @Override
  public void close() {
    ProcessHandle main = server.process().toHandle();
    List<ProcessHandle> all = Stream.concat(Stream.of(main), main.descendants()).toList();
    server.stop();
    for (ProcessHandle process : all) {
      process.onExit().orTimeout(30, TimeUnit.MINUTES).join();
    }
  }
}
