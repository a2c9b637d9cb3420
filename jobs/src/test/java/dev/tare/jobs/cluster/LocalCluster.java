package dev.tare.jobs.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A Spark standalone cluster on loopback, from the jars that Maven fetched: Master and Workers. */
public final class LocalCluster implements AutoCloseable {

  private static final Duration START_LIMIT = Duration.ofMinutes(30);

  private final Path home;
  private final Path folder;
  private final List<String> options;
  private final int masterPort;
  private final int masterUiPort;
  private final List<Process> processes = new ArrayList<>();

  private LocalCluster(Path home, Path folder, List<String> options) throws IOException {
    this.home = home;
    this.folder = folder;
    this.options = options;
    this.masterPort = freePort();
    this.masterUiPort = freePort();
  }

  /** Starts a Master and Workers of one core each, and waits until all are alive. */
  public static LocalCluster start(Path sparkHome, Path folder, int workers)
      throws IOException, InterruptedException {
    return start(sparkHome, folder, workers, ClassArchive.SHORT);
  }

  /**
   * The same with options of these JVMs.
   *
   * @param options of the JVM, between spaces
   */
  public static LocalCluster start(Path sparkHome, Path folder, int workers, String options)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    LocalCluster cluster = new LocalCluster(sparkHome, folder, List.of(options.split(" ")));
    try {
      cluster.launch(
          "master",
          "org.apache.spark.deploy.master.Master",
          List.of(
              "--host",
              "127.0.0.1",
              "--port",
              String.valueOf(cluster.masterPort),
              "--webui-port",
              String.valueOf(cluster.masterUiPort)));
      cluster.awaitAlive(0);
      for (int i = 0; i < workers; i++) {
        cluster.launch(
            "worker-" + i,
            "org.apache.spark.deploy.worker.Worker",
            List.of(
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--webui-port",
                "0",
                "--cores",
                "1",
                "--memory",
                "3g",
                "--work-dir",
                folder.resolve("work-" + i).toString(),
                cluster.master()));
      }
      cluster.awaitAlive(workers);
      return cluster;
    } catch (IOException | InterruptedException | RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  /** The URL that {@code --master} takes. */
  public String master() {
    return "spark://127.0.0.1:" + masterPort;
  }

  /** In the order of Spark's own launcher, because an archive of classes is of one class path. */
  private static String classPath(Path jars) throws IOException {
    List<String> path = new ArrayList<>();
    try (DirectoryStream<Path> first = Files.newDirectoryStream(jars, "slf4j-api-*.jar")) {
      first.forEach(jar -> path.add(jar.toString()));
    }
    path.add(jars + "/*");
    return String.join(":", path);
  }

  private void launch(String name, String mainClass, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(
        List.of(
            "-Xmx256m",
            "-Dspark.master.rest.enabled=false",
            "-cp",
            classPath(home.resolve("jars")),
            mainClass));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment(home));
    builder.redirectErrorStream(true);
    builder.redirectOutput(folder.resolve(name + ".log").toFile());
    builder.directory(folder.toFile());
    processes.add(builder.start());
  }

  /** What Spark needs to know about jars that are no distribution. */
  static Map<String, String> environment(Path home) {
    return Map.of(
        "SPARK_HOME", home.toString(),
        "SPARK_SCALA_VERSION", "2.13",
        "SPARK_LOCAL_IP", "127.0.0.1",
        "OPT_OUT_TRACKING", "true");
  }

  private void awaitAlive(int workers) throws InterruptedException, IOException {
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + masterUiPort + "/json/")).build();
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    String seen = "no answer";
    while (System.nanoTime() < deadline) {
      try {
        seen = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
        JsonNode state = new ObjectMapper().readTree(seen);
        if (state.path("aliveworkers").asInt() >= workers
            && state.path("status").asText().equals("ALIVE")) {
          return;
        }
      } catch (IOException e) {
        seen = e.toString();
      }
      Thread.sleep(200);
    }
    throw new IOException(
        "The cluster did not start within " + START_LIMIT + "; the master said: " + seen);
  }

  /** A port of the loopback that nobody listens on. */
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    // Workers first: each ends its executors when it is told to stop.
    for (int i = processes.size() - 1; i >= 0; i--) {
      Process process = processes.get(i);
      process.destroy();
      try {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
