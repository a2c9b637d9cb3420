package dev.tare.jobs.input;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Checks local folders for what Hadoop's listing does not report: it ignores dangling links,
 * follows a loop of links forty times, and lists a pipe as a file. Not thread-safe; confined to one
 * listing.
 */
final class LocalTree {

  private final Map<Path, Path> seen = new HashMap<>();

  /**
   * Checks a file that is about to be listed.
   *
   * @throws InputException if it is not a regular file, or was listed under another name, which is
   *     possible only by a link
   */
  void requireFile(Path file) throws IOException {
    requireSound(file);
    if (!Files.isRegularFile(file)) {
      throw new InputException(
          "Cannot read %s: it is not a regular file but a pipe, a socket or a device"
              .formatted(file));
    }
    Path before = seen.putIfAbsent(file.toRealPath(), file);
    if (before != null) {
      throw new InputException(
          "Cannot read %s: by a symbolic link it is the same file as %s, whose rows would count"
                  .formatted(file, before)
              + " twice; remove the link, or name the files by a glob that leaves it out");
    }
  }

  /**
   * Checks the content of a folder.
   *
   * @param above the folders on the way to it, resolved; none of them may occur again below
   * @return {@code above} and the folder
   * @throws InputException if it is reached by a loop of links, cannot be read, or has a dangling
   *     link
   */
  static List<Path> enter(Path folder, List<Path> above) throws IOException {
    Path real = folder.toRealPath();
    if (above.contains(real)) {
      throw new InputException(
          "Cannot read %s: it is a symbolic link to %s, a folder above it, so its files would count"
                  .formatted(folder, real)
              + " again and again; remove the link");
    }
    if (!Files.isReadable(folder) || !Files.isExecutable(folder)) {
      throw new InputException("Cannot list " + folder + ": permission denied");
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (!DataFiles.hidden(entry.getFileName().toString())) {
          requireSound(entry);
        }
      }
    }
    List<Path> below = new ArrayList<>(above);
    below.add(real);
    return below;
  }

  /**
   * @throws InputException if a name is a dangling symbolic link or a link to itself
   */
  static void requireSound(Path name) throws IOException {
    try {
      Files.readAttributes(name, BasicFileAttributes.class);
    } catch (IOException e) {
      if (Files.isSymbolicLink(name)) {
        throw new InputException(
            "Cannot read %s: it is a symbolic link to %s, which is not there or cannot be reached"
                .formatted(name, Files.readSymbolicLink(name)),
            e);
      }
      // Removed since the folder was listed; the following listing reports it.
      if (!(e instanceof NoSuchFileException) || Files.exists(name, LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
    }
  }
}
