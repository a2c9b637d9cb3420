package dev.tare.jobs.run;

import dev.tare.jobs.TareException;
import dev.tare.jobs.input.DataFiles;
import dev.tare.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.GlobPattern;
import org.apache.hadoop.fs.Path;

/** Refuses an output inside the data: the run's files would be read as data. */
final class OutputPlace {

  private OutputPlace() {}

  /**
   * Compares locations only; nothing is read or written.
   *
   * @param data paths, URIs or globs that the command reads
   * @throws TareException (usage) if the output is one of them, or inside one
   */
  static void requireApart(String output, List<String> data) throws IOException {
    Set<URI> places = forms(output);
    for (String location : data) {
      for (URI read : forms(location)) {
        if (places.stream().anyMatch(place -> contains(read, place))) {
          throw TareException.usage(
              "Cannot write a run into %s: it is inside the data %s, and its own files would be read as data; choose another --output"
                  .formatted(output, location));
        }
      }
    }
  }

  /** Returns a location as given, and on a local disk also with links resolved. */
  private static Set<URI> forms(String location) throws IOException {
    Path path = absolute(location);
    Set<URI> forms = new LinkedHashSet<>(List.of(path.toUri()));
    if ("file".equals(path.toUri().getScheme())) {
      java.nio.file.Path there = java.nio.file.Path.of(path.toUri().getPath()).normalize();
      java.nio.file.Path rest = java.nio.file.Path.of("");
      while (there.getParent() != null && !Files.exists(there)) {
        rest = there.getFileName().resolve(rest);
        there = there.getParent();
      }
      forms.add(new Path("file", null, there.toRealPath().resolve(rest).toString()).toUri());
    }
    return forms;
  }

  /** Without opening a file system, which would be cached with the settings known so early. */
  private static Path absolute(String location) {
    URI store = FileSystem.getDefaultUri(HadoopSettings.ofDriver());
    String home = "file".equals(store.getScheme()) ? System.getProperty("user.dir") : "/user/home";
    try {
      return new Path(location).makeQualified(store, new Path(home));
    } catch (IllegalArgumentException e) {
      throw TareException.usage("Not a path or URI: '%s' (%s)".formatted(location, e.getMessage()));
    }
  }

  private static boolean contains(URI data, URI place) {
    List<String> outer = names(data);
    List<String> inner = names(place);
    boolean sameStore =
        Optional.ofNullable(data.getScheme()).equals(Optional.ofNullable(place.getScheme()))
            && Optional.ofNullable(data.getAuthority())
                .equals(Optional.ofNullable(place.getAuthority()));
    if (!sameStore || inner.size() < outer.size()) {
      return false;
    }
    for (int i = 0; i < outer.size(); i++) {
      if (!matches(outer.get(i), inner.get(i))) {
        return false;
      }
    }
    // Spark does not read below such names.
    return inner.subList(outer.size(), inner.size()).stream().noneMatch(DataFiles::hidden);
  }

  private static List<String> names(URI uri) {
    return List.of(uri.getPath().split("/+", -1)).stream().filter(n -> !n.isEmpty()).toList();
  }

  private static boolean matches(String pattern, String name) {
    try {
      return pattern.equals(name) || new GlobPattern(pattern).matches(name);
    } catch (IllegalArgumentException e) {
      // Half of braces with a slash between them: the listing decides.
      return false;
    }
  }
}
