package dev.tare.jobs.stores;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An S3 store on loopback (S3Proxy), with its objects in a folder, and the client's jars. */
public final class S3Server implements AutoCloseable {
  private static final String BUCKET = "bucket";
  private static final String KEY = "tester";
  private static final String SECRET = "not-a-secret";

  private final Server server;
  private final int port;

  private S3Server(Server server, int port) {
    this.server = server;
    this.port = port;
  }

  /** Starts one with an empty bucket. */
  public static S3Server start(Path folder) throws IOException, InterruptedException {
    int port = freePort();
    Path data = Files.createDirectories(folder.resolve("data").resolve(BUCKET)).getParent();
    Path settings =
        Files.writeString(
            folder.resolve("s3proxy.conf"),
            """
            s3proxy.authorization=aws-v2-or-v4
            s3proxy.endpoint=http://127.0.0.1:%d
            s3proxy.identity=%s
            s3proxy.credential=%s
            jclouds.provider=filesystem-nio2
            jclouds.identity=local
            jclouds.credential=local
            jclouds.filesystem.basedir=%s
            """
                .formatted(port, KEY, SECRET, data));
    Files.writeString(
        folder.resolve("logback.xml"), "<configuration><root level=\"WARN\"/></configuration>");
    Server server =
        Server.start(
            folder,
            List.of(folder.toString(), System.getProperty("tare.s3.server") + "/*"),
            "org.gaul.s3proxy.Main",
            "--properties",
            settings.toString());
    server.await(() -> Server.answers(port));
    return new S3Server(server, port);
  }

  /** The bucket, without a slash at its end. */
  public static String uri() {
    return "s3a://" + BUCKET;
  }

  public int port() {
    return port;
  }

  /** Hadoop's settings to reach it. */
  public Map<String, String> settings() {
    return new TreeMap<>(
        Map.of(
            "fs.s3a.endpoint",
            "http://127.0.0.1:" + port,
            "fs.s3a.endpoint.region",
            "us-east-1",
            "fs.s3a.path.style.access",
            "true",
            "fs.s3a.connection.ssl.enabled",
            "false",
            "fs.s3a.aws.credentials.provider",
            "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
            "fs.s3a.access.key",
            KEY,
            "fs.s3a.secret.key",
            SECRET));
  }

  /** The jars that Spark needs for {@code s3a:}, over the classes of the tests. */
  public static ClassLoader client() throws IOException {
    List<URL> jars = new ArrayList<>();
    try (var files = Files.list(Path.of(System.getProperty("tare.s3a")))) {
      for (Path jar : files.sorted().toList()) {
        jars.add(jar.toUri().toURL());
      }
    }
    return new URLClassLoader(jars.toArray(URL[]::new), S3Server.class.getClassLoader());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
