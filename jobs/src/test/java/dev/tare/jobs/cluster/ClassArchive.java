package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.run.SharedFolder;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The classes of a PySpark, loaded and verified once a build: JVMs of many tests map them from a
 * file, which spares each of them half of the processor time of a small session.
 */
public final class ClassArchive {

  /** For JVMs most of whose code runs a few times. */
  static final String SHORT = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

  private static final String FILE = "classes.jsa";

  private ClassArchive() {}

  /**
   * JVM options for drivers, as {@code SPARK_SUBMIT_OPTS}, and for executors of a cluster of the
   * same PySpark. Where the class path is another, the file is ignored.
   *
   * @param environment folder of a Python with PySpark; those whose jars are the same files, as
   *     hard links of an installer's cache are, share an archive
   */
  public static String options(Path environment) throws IOException {
    Path folder =
        SharedFolder.of("class-archive-" + jars(environment), made -> make(environment, made));
    return "%s -XX:SharedArchiveFile=%s -Xlog:cds=off -Xlog:cds+dynamic=off -Xlog:class+path=off"
        .formatted(SHORT, folder.resolve(FILE));
  }

  /** The folder of an environment's PySpark, which is a SPARK_HOME. */
  public static Path spark(Path environment) throws IOException {
    try (DirectoryStream<Path> pythons =
        Files.newDirectoryStream(environment.resolve("lib"), "python3*")) {
      for (Path python : pythons) {
        Path spark = python.resolve("site-packages/pyspark");
        if (Files.exists(spark)) {
          return spark;
        }
      }
    }
    throw new IOException("no PySpark in " + environment);
  }

  /** Stands for the files of the jars: the JVM compares them as files, whatever their paths. */
  private static String jars(Path environment) throws IOException {
    SortedMap<String, String> files = new TreeMap<>();
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(spark(environment).resolve("jars"), "*.jar")) {
      for (Path jar : jars) {
        BasicFileAttributes of = Files.readAttributes(jar, BasicFileAttributes.class);
        files.put(jar.getFileName().toString(), of.fileKey() + " " + of.lastModifiedTime());
      }
    }
    return Integer.toHexString(files.hashCode());
  }

  private static void make(Path environment, Path folder) throws IOException {
    Path bin = environment.resolve("bin");
    Path said = folder.resolve("said");
    ProcessBuilder builder =
        new ProcessBuilder(
            bin.resolve("spark-submit").toString(),
            "--master",
            "local[1]",
            "--conf",
            "spark.ui.enabled=false",
            "--conf",
            "spark.sql.shuffle.partitions=1",
            Path.of("src/test/python/class_archive.py").toString(),
            folder.toString());
    builder.environment().remove("SPARK_HOME");
    builder.environment().merge("PATH", bin.toString(), (path, first) -> first + ":" + path);
    builder
        .environment()
        .put("SPARK_SUBMIT_OPTS", SHORT + " -XX:ArchiveClassesAtExit=" + folder.resolve(FILE));
    Process process = builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      assertThat(process.waitFor()).as(Files.readString(said)).isZero();
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    assertThat(folder.resolve(FILE)).exists();
  }
}
