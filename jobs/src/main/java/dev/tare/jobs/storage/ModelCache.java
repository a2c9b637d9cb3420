package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;

/**
 * Files of other file systems as local files, because ONNX Runtime and the tokenizer open models by
 * path. Thread-safe, also among JVMs of one machine.
 *
 * <p>The cache is a folder {@code sha256/<hash>}; a file appears in it by an atomic rename, after
 * its content was found to be right. Of several JVMs that want it one copies, the others wait on a
 * lock on the file {@code locks/<hash>}, which ends with its JVM. Each JVM hashes a file once, also
 * one that it finds there. A {@code file:} URI whose content is right is used where it stands.
 */
public final class ModelCache {
  private static final Map<ModelRef, Path> CHECKED = new ConcurrentHashMap<>();
  private static final Map<Path, Object> FETCHING = new ConcurrentHashMap<>();

  private final Path folder;

  private ModelCache(Path folder) {
    this.folder = folder;
  }

  /** The cache of this user in {@code java.io.tmpdir}. */
  public static ModelCache ofUser() {
    return in(
        Path.of(
            System.getProperty("java.io.tmpdir"), "tare-cache-" + System.getProperty("user.name")));
  }

  public static ModelCache in(Path folder) {
    return new ModelCache(folder);
  }

  /**
   * The local path of a file. Cost: the first call of a JVM reads the file, or copies it where the
   * machine does not have it; later calls look it up.
   *
   * @throws TareException (bad input) if the file is not there or has another content
   */
  public Path fetch(ModelRef ref, Configuration hadoop) throws IOException {
    Path known = CHECKED.get(ref);
    if (known != null && hasLength(known, ref)) {
      return known;
    }
    Path local = fetchUnchecked(ref, hadoop);
    CHECKED.put(ref, local);
    return local;
  }

  private Path fetchUnchecked(ModelRef ref, Configuration hadoop) throws IOException {
    if ("file".equals(ref.uri().getScheme())) {
      Path local = Path.of(ref.uri().getPath());
      if (isContentOf(local, ref)) {
        return local;
      }
    }
    Path target = prepare().resolve(ref.sha256());
    if (isContentOf(target, ref)) {
      return target;
    }
    // Locks on files are between JVMs; inside of one a second request would be an error.
    synchronized (FETCHING.computeIfAbsent(target, path -> new Object())) {
      try (FileChannel channel =
              FileChannel.open(
                  Files.createDirectories(folder.resolve("locks")).resolve(ref.sha256()),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          FileLock held = channel.lock()) {
        if (held.isValid() && !isContentOf(target, ref)) {
          copy(ref, target, hadoop);
        }
      }
    }
    return target;
  }

  private static void copy(ModelRef ref, Path target, Configuration hadoop) throws IOException {
    org.apache.hadoop.fs.Path source = new org.apache.hadoop.fs.Path(ref.uri());
    // One name under the lock: what a killed JVM left is written over.
    Path temporary = target.resolveSibling(ref.sha256() + ".part");
    try {
      try (InputStream stream = source.getFileSystem(hadoop).open(source)) {
        Files.copy(stream, temporary, StandardCopyOption.REPLACE_EXISTING);
      } catch (FileNotFoundException e) {
        throw TareException.badInput("No such file: %s".formatted(ref.uri()), e);
      }
      Digest actual = digest(temporary);
      if (!actual.equals(ref.digest())) {
        throw TareException.badInput(
            "%s is not the file that the run began with: %d bytes with sha256 %s, expected %d and %s"
                .formatted(ref.uri(), actual.bytes(), actual.sha256(), ref.length(), ref.sha256()));
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** The folder is in a place where every user may write, so it must be this user's own. */
  private Path prepare() throws IOException {
    var ownerOnly =
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    try {
      Files.createDirectories(folder.toAbsolutePath().getParent());
      Files.createDirectory(folder, ownerOnly);
    } catch (FileAlreadyExistsException e) {
      Path probe = Files.createTempFile("tare-", ".owner");
      try {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
            || !Files.getOwner(folder).equals(Files.getOwner(probe))) {
          throw TareException.usage(
              "The cache %s is not a folder of this user; remove it".formatted(folder));
        }
      } finally {
        Files.delete(probe);
      }
    }
    return Files.createDirectories(folder.resolve("sha256"), ownerOnly);
  }

  private static boolean isContentOf(Path file, ModelRef ref) throws IOException {
    return hasLength(file, ref) && digest(file).equals(ref.digest());
  }

  private static boolean hasLength(Path file, ModelRef ref) throws IOException {
    try {
      return Files.isReadable(file) && Files.size(file) == ref.length();
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static Digest digest(Path file) throws IOException {
    try (InputStream stream = Files.newInputStream(file)) {
      return Digest.of(stream);
    }
  }
}
