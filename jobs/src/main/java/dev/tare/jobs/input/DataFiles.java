package dev.tare.jobs.input;

import dev.tare.jobs.storage.FileStamp;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.GlobExpander;
import org.apache.hadoop.fs.Path;

/**
 * The files of a path: one file, a folder with all files below it, or a glob; sorted by path.
 *
 * <p>Hidden files and folders are ignored by Spark's rule: names that begin with {@code .}, or with
 * {@code _} unless they contain {@code =}, or end with {@code ._COPYING_}. Symbolic links to files
 * and folders are followed. If a glob matches a folder and also files in it, each file counts once.
 *
 * @param uri the path as it was given
 * @param files at least one, unless a relation is read instead
 */
public record DataFiles(String uri, List<DataFile> files) {

  /**
   * A file as its storage listed it.
   *
   * @param path as Hadoop writes it
   * @param bytes length
   * @param modifiedMillis modification time
   * @param version the storage's identity of this content: the tag of an object store, or the stamp
   *     of a local file, which changes also if a file is overwritten and its modification time set
   *     back; empty elsewhere
   */
  public record DataFile(String path, long bytes, long modifiedMillis, Optional<String> version) {

    static DataFile of(FileStatus status) throws IOException {
      return new DataFile(
          status.getPath().toString(),
          status.getLen(),
          status.getModificationTime(),
          version(status));
    }

    private static Optional<String> version(FileStatus status) throws IOException {
      if (local(status.getPath())) {
        return FileStamp.of(onDisk(status.getPath())).map(FileStamp::toString);
      }
      return status instanceof EtagSource source
          ? Optional.ofNullable(source.getEtag())
          : Optional.empty();
    }

    /** The path for Spark's readers, with the characters of globs escaped. */
    String literal() {
      return path.replaceAll("([{}\\[\\]*?\\\\])", "\\\\$1");
    }
  }

  public DataFiles {
    files = List.copyOf(files);
  }

  /** No files: the data is in a relation. */
  static DataFiles none(String relation) {
    return new DataFiles(relation, List.of());
  }

  /**
   * Lists a path.
   *
   * @throws InputException if it does not exist, cannot be read or has no files; on a local disk
   *     also for a dangling symbolic link or one to a folder above it, a file under two names, or
   *     anything but files and folders
   */
  public static DataFiles list(String uri, Configuration configuration) {
    try {
      Path path = new Path(uri);
      FileSystem fileSystem = path.getFileSystem(configuration);
      Listing listing = new Listing(fileSystem);
      for (FileStatus status : roots(fileSystem, path, uri)) {
        listing.add(status, List.of());
      }
      List<DataFile> files = listing.files;
      if (files.isEmpty()) {
        throw new InputException("No data: " + uri + " contains no files");
      }
      files.sort(Comparator.comparing(DataFile::path));
      return new DataFiles(uri, files);
    } catch (IOException | IllegalArgumentException e) {
      throw new InputException("Cannot list " + uri + ": " + e.getMessage(), e);
    }
  }

  private static FileStatus[] roots(FileSystem fileSystem, Path path, String uri)
      throws IOException {
    try {
      FileStatus status = fileSystem.getFileStatus(path);
      if (status.isFile() && hidden(path.getName())) {
        throw new InputException(
            "Cannot read " + uri + ": Spark leaves out files whose names begin with . or _");
      }
      return new FileStatus[] {status};
    } catch (FileNotFoundException e) {
      Path qualified = fileSystem.makeQualified(path);
      if (local(qualified)) {
        for (String pattern : GlobExpander.expand(qualified.toUri().getPath())) {
          LocalGlob.requireSoundLinks(new Path(pattern));
        }
      }
      FileStatus[] matches = fileSystem.globStatus(path);
      if (matches == null || matches.length == 0) {
        throw new InputException("Cannot read " + uri + ": no such file or folder", e);
      }
      return matches;
    }
  }

  /** Collects the files in the order in which they are found. */
  private static final class Listing {

    private final FileSystem fileSystem;
    private final LocalTree tree = new LocalTree();
    private final Set<Path> listed = new HashSet<>();
    private final List<DataFile> files = new ArrayList<>();

    Listing(FileSystem fileSystem) {
      this.fileSystem = fileSystem;
    }

    /**
     * @param above the local folders on the way, resolved
     */
    void add(FileStatus status, List<java.nio.file.Path> above) throws IOException {
      Path path = status.getPath();
      if (status.isFile()) {
        addFile(status);
        return;
      }
      List<java.nio.file.Path> below = local(path) ? LocalTree.enter(onDisk(path), above) : above;
      for (FileStatus child : fileSystem.listStatus(path)) {
        if (!hidden(child.getPath().getName())) {
          add(child, below);
        }
      }
    }

    private void addFile(FileStatus status) throws IOException {
      Path path = status.getPath();
      if (hidden(path.getName()) || !listed.add(path)) {
        return;
      }
      if (local(path)) {
        tree.requireFile(onDisk(path));
      }
      files.add(DataFile.of(status));
    }
  }

  private static boolean local(Path path) {
    return "file".equals(path.toUri().getScheme());
  }

  private static java.nio.file.Path onDisk(Path path) {
    return java.nio.file.Path.of(path.toUri().getPath());
  }

  /** Whether Spark ignores a file or folder of this name when it reads the folder around it. */
  public static boolean hidden(String name) {
    return name.startsWith(".")
        || (name.startsWith("_") && !name.contains("="))
        || name.endsWith("._COPYING_");
  }

  /** Sum of all lengths. */
  public long bytes() {
    return files.stream().mapToLong(DataFile::bytes).sum();
  }

  String[] literals() {
    return files.stream().map(DataFile::literal).toArray(String[]::new);
  }

  /**
   * Lists the path again and compares.
   *
   * @throws InputException if a file was added, removed, replaced, or changed in length or time
   *     since
   */
  void requireUnchanged(Configuration configuration) {
    if (files.isEmpty()) {
      return;
    }
    Set<DataFile> now = new LinkedHashSet<>(list(uri, configuration).files());
    for (DataFile file : files) {
      if (!now.remove(file)) {
        throw new InputException("The data changed during the run: " + file.path());
      }
    }
    if (!now.isEmpty()) {
      throw new InputException(
          "The data changed during the run: " + now.iterator().next().path() + " is new");
    }
  }
}
