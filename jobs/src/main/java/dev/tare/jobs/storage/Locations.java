package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.InputRef;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/** Resolves and reads what users name by path or URI, on any Hadoop file system. */
public final class Locations {

  private Locations() {}

  /**
   * Returns a location with scheme and absolute path; a relative one is resolved against the
   * working folder.
   *
   * @throws TareException (usage) if it is empty or its scheme is unknown
   */
  public static Path qualified(String location, Configuration hadoop) throws IOException {
    try {
      Path path = new Path(location);
      return path.getFileSystem(hadoop).makeQualified(path);
    } catch (IllegalArgumentException e) {
      throw TareException.usage("Not a path or URI: '%s' (%s)".formatted(location, e.getMessage()));
    } catch (UnsupportedFileSystemException e) {
      throw TareException.usage(
          "Cannot read or write '%s': %s".formatted(location, e.getMessage()));
    } catch (RuntimeException e) {
      if (e.getCause() instanceof ClassNotFoundException missing) {
        throw TareException.usage(
            "Cannot read or write '%s': its file system is not among the jars of Spark (%s)"
                .formatted(location, missing.getMessage()),
            e);
      }
      throw e;
    }
  }

  /**
   * Reads a text file in UTF-8.
   *
   * @throws TareException (bad input) if it does not exist or is a folder
   */
  public static String readText(String location, Configuration hadoop) throws IOException {
    Path path = qualified(location, hadoop);
    try (var stream = path.getFileSystem(hadoop).open(path)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (FileNotFoundException e) {
      throw unreadable(path, hadoop, e);
    }
  }

  /**
   * Reads a file that must be short.
   *
   * @param most maximum bytes
   * @throws TareException (bad input) if it does not exist or is longer
   */
  public static String readShortText(String location, int most, Configuration hadoop)
      throws IOException {
    Path path = qualified(location, hadoop);
    try (var stream = path.getFileSystem(hadoop).open(path)) {
      byte[] read = stream.readNBytes(most + 1);
      if (read.length > most) {
        throw TareException.badInput("%s has more than %,d bytes".formatted(path, most));
      }
      return new String(read, StandardCharsets.UTF_8);
    } catch (FileNotFoundException e) {
      throw missing(path, e);
    }
  }

  /**
   * Returns hash and length of a file, reading it once.
   *
   * @throws TareException (bad input) if it does not exist
   */
  public static Digest digest(Path path, Configuration hadoop) throws IOException {
    requireFile(path, hadoop);
    FileSystem fileSystem = path.getFileSystem(hadoop);
    try {
      return digest(fileSystem, path);
    } catch (FileNotFoundException e) {
      throw unreadable(path, hadoop, e);
    } catch (ChecksumException e) {
      throw damaged(path, e);
    }
  }

  /** Reads a file to its end in constant memory. */
  static Digest digest(FileSystem fileSystem, Path path) throws IOException {
    try (InputStream stream = fileSystem.open(path)) {
      return Digest.of(stream);
    }
  }

  /**
   * Checks that a file on a local disk exists, without reading it; other storage is not checked.
   *
   * @throws TareException (bad input) if it does not exist, or is a folder, a pipe or a device,
   *     whose reading may never end
   */
  public static void requireFile(String location, Configuration hadoop) throws IOException {
    requireFile(qualified(location, hadoop), hadoop);
  }

  private static void requireFile(Path path, Configuration hadoop) throws IOException {
    if (!"file".equals(path.toUri().getScheme())) {
      return;
    }
    java.nio.file.Path local = java.nio.file.Path.of(path.toUri().getPath());
    if (Files.isSymbolicLink(local) && !Files.exists(local)) {
      throw TareException.badInput(
          "%s is a symbolic link to %s, which does not exist or cannot be reached"
              .formatted(path, Files.readSymbolicLink(local)));
    }
    if (!Files.exists(local) || Files.isDirectory(local)) {
      throw unreadable(path, hadoop, new FileNotFoundException(path + " (not a file)"));
    }
    if (!Files.isRegularFile(local)) {
      throw TareException.badInput(
          "Cannot read %s: it is not a regular file but a pipe, a socket or a device"
              .formatted(path));
    }
  }

  /** Returns a file as an input of a run, with its hash. */
  public static InputRef input(String name, String location, Configuration hadoop)
      throws IOException {
    Path path = qualified(location, hadoop);
    return InputRef.of(name, path.toUri(), digest(path, hadoop));
  }

  static byte[] readBytes(FileSystem fileSystem, Path path) throws IOException {
    try (var stream = fileSystem.open(path)) {
      return stream.readAllBytes();
    } catch (FileNotFoundException e) {
      throw missing(path, e);
    }
  }

  /**
   * Lists all files below a folder except Hadoop's own: its checksums, whose names begin with a
   * dot, and the success marker.
   */
  static List<FileStatus> filesBelow(FileSystem fileSystem, Path folder) throws IOException {
    List<FileStatus> files = new ArrayList<>();
    for (FileStatus entry : entries(fileSystem, folder)) {
      String name = entry.getPath().getName();
      if (name.startsWith(".") || name.equals("_SUCCESS")) {
        continue;
      }
      if (entry.isDirectory()) {
        files.addAll(filesBelow(fileSystem, entry.getPath()));
      } else {
        files.add(entry);
      }
    }
    return files;
  }

  /** Lists a folder; empty if another process removed it meanwhile. */
  static List<FileStatus> entries(FileSystem fileSystem, Path folder) throws IOException {
    try {
      return List.of(fileSystem.listStatus(folder));
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }

  /**
   * Creates the exception for a failed write to a location that the user chose.
   *
   * @param what the name of the file in the message
   */
  public static TareException cannotWrite(String what, Path path, Exception cause) {
    // The messages of java.nio's exceptions only name the file; the error is in their class.
    boolean bare = cause instanceof FileSystemException nio && nio.getReason() == null;
    return TareException.usage(
        "Cannot write %s %s: %s"
            .formatted(what, path, bare ? cause.toString() : cause.getMessage()),
        cause);
  }

  /**
   * Returns the path of a name in a folder. Hadoop parses a name with a colon as a URI if there is
   * no folder before it.
   */
  static Path child(Path folder, String name) {
    return new Path(folder, new Path(null, null, name));
  }

  /** Returns the path of a file relative to a folder, with slashes. */
  static String relative(Path folder, Path file) {
    String root = folder.toUri().getPath();
    return file.toUri().getPath().substring(root.length() + (root.endsWith("/") ? 0 : 1));
  }

  /**
   * Explains why a file could not be opened; local file systems report every failure as a missing
   * file.
   */
  static TareException unreadable(Path path, Configuration hadoop, FileNotFoundException cause)
      throws IOException {
    FileSystem fileSystem = path.getFileSystem(hadoop);
    try {
      FileStatus status = fileSystem.getFileStatus(path);
      return TareException.badInput(
          status.isDirectory()
              ? "%s is a folder; name the file in it%s".formatted(path, models(fileSystem, path))
              : "Cannot read %s: %s".formatted(path, cause.getMessage()),
          cause);
    } catch (FileNotFoundException e) {
      return missing(path, cause);
    }
  }

  private static String models(FileSystem fileSystem, Path folder) throws IOException {
    List<String> found =
        ModelPlace.names(folder, fileSystem).stream()
            .filter(name -> name.endsWith(".onnx") || name.endsWith(".json"))
            .limit(8)
            .toList();
    return found.isEmpty() ? "" : " (found: " + String.join(", ", found) + ")";
  }

  static TareException damaged(Path path, ChecksumException cause) {
    return TareException.badInput(
        "%s does not match the checksum in .%s.crc next to it: it was written by another program, or is damaged (%s)"
            .formatted(path, path.getName(), cause.getMessage()),
        cause);
  }

  private static TareException missing(Path path, IOException cause) {
    return TareException.badInput("No such file: " + path, cause);
  }
}
