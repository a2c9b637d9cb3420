package dev.tare.jobs.stores;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** HDFS with a name node and a data node: Hadoop's own MiniDFSCluster. */
public final class HdfsServer implements AutoCloseable {
  private final Server server;
  private final int port;

  private HdfsServer(Server server, int port) {
    this.server = server;
    this.port = port;
  }

  /** Starts one with its files in a folder. */
  public static HdfsServer start(Path folder) throws IOException, InterruptedException {
    Path details = folder.resolve("details.json");
    Server server =
        Server.start(
            folder,
            List.of(
                System.getProperty("tare.hdfs.server") + "/*",
                System.getProperty("tare.spark.home") + "/jars/*"),
            "org.apache.hadoop.test.MiniDFSClusterManager",
            "-format",
            "-datanodes",
            "1",
            "-writeDetails",
            details.toString(),
            "-D",
            "hdfs.minidfs.basedir=" + folder.resolve("dfs"));
    server.await(() -> written(details));
    return new HdfsServer(
        server, new ObjectMapper().readTree(details.toFile()).path("namenode_port").asInt());
  }

  private static boolean written(Path details) {
    try {
      return Files.exists(details) && Files.readString(details).endsWith("}");
    } catch (IOException e) {
      return false;
    }
  }

  /** The file system's URI, without a slash at its end. */
  public String uri() {
    return "hdfs://127.0.0.1:" + port;
  }

  @Override
  public void close() {
    server.close();
  }
}
