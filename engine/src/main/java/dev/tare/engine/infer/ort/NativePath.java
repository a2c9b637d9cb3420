package dev.tare.engine.infer.ort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A folder under a name that ONNX Runtime can open: its Java binding gives it strings in the JVM's
 * own form of UTF-8, in which characters beyond U+FFFF have other bytes than in the file system.
 *
 * @param path the folder, or a link to it
 * @param link the temporary link to remove
 */
record NativePath(Path path, Optional<Path> link) implements AutoCloseable {

  /** Whether ONNX Runtime can open a file of this name. */
  static boolean opens(Path path) {
    return path.toString().chars().noneMatch(c -> Character.isSurrogate((char) c) || c == 0);
  }

  /**
   * Returns the folder itself, or a link to it with a plain name in a temporary folder.
   *
   * @throws IOException if no temporary folder has a name that ONNX Runtime can open
   */
  static NativePath of(Path folder) throws IOException {
    if (opens(folder)) {
      return new NativePath(folder, Optional.empty());
    }
    for (String place : List.of(System.getProperty("java.io.tmpdir"), "/tmp", "/var/tmp")) {
      Path parent = Path.of(place);
      if (opens(parent.toAbsolutePath()) && Files.isWritable(parent)) {
        Path link = Files.createTempDirectory(parent, "tare-link-").resolve("folder");
        Files.createSymbolicLink(link, folder.toAbsolutePath());
        return new NativePath(link, Optional.of(link));
      }
    }
    throw new IOException(
        "ONNX Runtime opens no file below %s; let java.io.tmpdir name a folder of plain letters"
            .formatted(folder));
  }

  @Override
  public void close() throws IOException {
    if (link.isPresent()) {
      Files.delete(link.get());
      Files.delete(link.get().getParent());
    }
  }
}
