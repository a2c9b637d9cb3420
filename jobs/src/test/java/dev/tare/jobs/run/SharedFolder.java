package dev.tare.jobs.run;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.hadoop.fs.FileUtil;

/**
 * A folder below {@code target} that several test classes read: the first to ask fills it, and each
 * build fills it anew. A lock on a file keeps JVMs apart.
 */
public final class SharedFolder {

  private static final String BUILD = System.getProperty("tare.build", "");

  private SharedFolder() {}

  /** Fills a folder. */
  public interface Maker {
    void make(Path folder) throws IOException;
  }

  /** The folder, filled in this build. */
  public static synchronized Path of(String name, Maker maker) throws IOException {
    Path folder = Path.of("target", name).toAbsolutePath();
    Files.createDirectories(folder.getParent());
    Path made = folder.resolve("build");
    try (FileChannel channel =
            FileChannel.open(
                folder.resolveSibling(name + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock held = channel.lock()) {
      if (!held.isValid()) {
        throw new IOException("No lock for " + folder);
      }
      if (!Files.exists(made) || !Files.readString(made, StandardCharsets.UTF_8).equals(BUILD)) {
        FileUtil.fullyDelete(folder.toFile());
        maker.make(Files.createDirectories(folder));
        Files.writeString(made, BUILD);
      }
    }
    return folder;
  }
}
