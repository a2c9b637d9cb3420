package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.run.SharedFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

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
   * JVM options for drivers, as {@code SPARK_SUBMIT_OPTS}. Where the class path is another, the
   * file is ignored.
   *
   * @param environment folder of a Python with PySpark
   */
  public static String options(Path environment) throws IOException {
    Path folder =
        SharedFolder.of(
            "class-archive-" + environment.getFileName(), made -> make(environment, made));
    return "%s -XX:SharedArchiveFile=%s -Xlog:cds=off -Xlog:cds+dynamic=off -Xlog:class+path=off"
        .formatted(SHORT, folder.resolve(FILE));
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
