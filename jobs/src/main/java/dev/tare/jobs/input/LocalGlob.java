package dev.tare.jobs.input;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.GlobFilter;

/** The names on a local disk that a glob matches, including dangling links. */
final class LocalGlob {

  private LocalGlob() {}

  /**
   * Follows a glob through the folders and checks every link that it matches: Hadoop's own matching
   * ignores dangling links.
   *
   * @param path an absolute path with scheme {@code file:}, its braces expanded
   * @throws InputException if a matching link is dangling
   */
  static void requireSoundLinks(org.apache.hadoop.fs.Path path) throws IOException {
    List<String> names = new ArrayList<>();
    org.apache.hadoop.fs.Path rest = path;
    for (; !rest.isRoot(); rest = rest.getParent()) {
      names.add(0, rest.getName());
    }
    List<Path> matched = List.of(Path.of("/"));
    for (String name : names) {
      matched = matches(matched, name);
    }
  }

  private static List<Path> matches(List<Path> folders, String name) throws IOException {
    GlobFilter filter = new GlobFilter(name);
    List<Path> matched = new ArrayList<>();
    for (Path folder : folders) {
      if (!filter.hasPattern()) {
        add(folder.resolve(name), matched);
      } else if (Files.isDirectory(folder) && Files.isReadable(folder)) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
          for (Path entry : entries) {
            String own = entry.getFileName().toString();
            if (!DataFiles.hidden(own) && filter.accept(new org.apache.hadoop.fs.Path("/", own))) {
              add(entry, matched);
            }
          }
        }
      }
    }
    return matched;
  }

  private static void add(Path name, List<Path> matched) throws IOException {
    LocalTree.requireSound(name);
    if (Files.exists(name)) {
      matched.add(name);
    }
  }
}
