package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.io.FileUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;

/**
 * Copies files of other file systems to local files, because ONNX Runtime and the tokenizer open
 * models by path. Thread-safe, also among JVMs of one machine.
 *
 * <p>The cache is a folder: a file is {@code sha256/<hash>} there, a model with data files the
 * folder {@code models/<hash>}. Both appear by an atomic rename after their content was verified.
 * If several JVMs need the same entry, one copies and the others wait on a lock on the file {@code
 * locks/<hash>}, which ends with its JVM. Each JVM hashes a file once, also an existing one, and
 * again if its {@link FileStamp} has changed. Files of {@code file:} URIs are used in place, if
 * their content is right.
 */
public final class ModelCache {
  private static final String CACHE_DIR = "TARE_CACHE_DIR";

  /** Longer than the ticks in which file systems count time. */
  private static final Duration SETTLED = Duration.ofSeconds(3);

  private static final Map<Content, FileStamp> CHECKED = new ConcurrentHashMap<>();
  private static final Map<Path, Hashed> HASHED = new ConcurrentHashMap<>();
  private static final Map<Path, Object> FETCHING = new ConcurrentHashMap<>();

  private final Path folder;

  /** The digest of a file, valid while its stamp is unchanged. */
  private record Content(Path file, Digest digest) {}

  private record Hashed(Digest digest, FileStamp stamp) {}

  private ModelCache(Path folder) {
    this.folder = folder;
  }

  /**
   * Returns this user's cache, in the folder of the environment variable {@value #CACHE_DIR}, else
   * in {@code java.io.tmpdir}.
   */
  public static ModelCache ofUser() {
    String place = System.getenv().getOrDefault(CACHE_DIR, System.getProperty("java.io.tmpdir"));
    return in(Path.of(place, "tare-cache-" + System.getProperty("user.name")));
  }

  public static ModelCache in(Path folder) {
    return new ModelCache(folder);
  }

  /**
   * Returns the local path of a file. Cost: the first call of a JVM reads the file, or copies it if
   * the machine does not have it; later calls check its stamp.
   *
   * @throws TareException (bad input) if the file does not exist or its content differs
   */
  public Path fetch(ModelRef ref, Configuration hadoop) throws IOException {
    if ("file".equals(ref.uri().getScheme())) {
      Path local = Path.of(ref.uri().getPath());
      if (isContentOf(local, ref)) {
        return local;
      }
    }
    Path target = prepare("sha256").resolve(ref.sha256());
    if (isContentOf(target, ref)) {
      return target;
    }
    alone(
        target,
        () -> {
          if (!isContentOf(target, ref)) {
            // A fixed name, protected by the lock: leftovers of a killed JVM are overwritten.
            Path temporary = target.resolveSibling(ref.sha256() + ".part");
            try {
              copy(ref, temporary, hadoop);
              Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
              Files.deleteIfExists(temporary);
            }
          }
        });
    return target;
  }

  /**
   * Returns the local path of a model's file, in a folder that also contains its data files. Cost
   * as for {@link #fetch(ModelRef, Configuration)}.
   *
   * @throws TareException (bad input) if a file does not exist or its content differs; (usage) if
   *     the cache has no space for them
   */
  public Path fetch(ModelFiles files, Configuration hadoop) throws IOException {
    if (files.data().isEmpty()) {
      return fetch(files.model(), hadoop);
    }
    URI uri = files.model().uri();
    if ("file".equals(uri.getScheme())) {
      Path folderOfModel = Path.of(uri.getPath()).getParent();
      if (holds(folderOfModel, files)) {
        return folderOfModel.resolve(files.fileName());
      }
    }
    Path target = prepare("models").resolve(files.sha256());
    if (!holds(target, files)) {
      alone(
          target,
          () -> {
            if (!holds(target, files)) {
              copy(files, target, hadoop);
            }
          });
    }
    return target.resolve(files.fileName());
  }

  private static void copy(ModelFiles files, Path target, Configuration hadoop) throws IOException {
    Path temporary = target.resolveSibling(files.sha256() + ".part");
    FileUtils.deleteDirectory(temporary.toFile());
    FileUtils.deleteDirectory(target.toFile());
    Files.createDirectory(temporary);
    long room = Files.getFileStore(temporary).getUsableSpace();
    if (room < files.bytes()) {
      throw TareException.usage(
          "Model %s has %d bytes, and %s room for %d; set %s to a larger folder"
              .formatted(files.model().uri(), files.bytes(), target.getParent(), room, CACHE_DIR));
    }
    try {
      for (Map.Entry<String, ModelRef> file : files.byPath().entrySet()) {
        Path copy = temporary.resolve(file.getKey());
        Files.createDirectories(copy.getParent());
        copy(file.getValue(), copy, hadoop);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      FileUtils.deleteDirectory(temporary.toFile());
    }
  }

  private interface Copying {
    void run() throws IOException;
  }

  /** Runs while no other thread or JVM of this machine works on the same entry. */
  private void alone(Path entry, Copying copying) throws IOException {
    // File locks work between JVMs; inside one JVM a second request would be an error.
    synchronized (FETCHING.computeIfAbsent(entry, path -> new Object())) {
      try (FileChannel channel =
              FileChannel.open(
                  Files.createDirectories(folder.resolve("locks")).resolve(entry.getFileName()),
                  StandardOpenOption.CREATE,
                  StandardOpenOption.WRITE);
          FileLock held = channel.lock()) {
        if (held.isValid()) {
          copying.run();
        }
      }
    }
  }

  private static void copy(ModelRef ref, Path file, Configuration hadoop) throws IOException {
    org.apache.hadoop.fs.Path source = new org.apache.hadoop.fs.Path(ref.uri());
    try (InputStream stream = source.getFileSystem(hadoop).open(source)) {
      Files.copy(stream, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (FileNotFoundException e) {
      throw Locations.unreadable(source, hadoop, e);
    } catch (ChecksumException e) {
      throw Locations.damaged(source, e);
    }
    Digest actual = digest(file);
    if (!actual.equals(ref.digest())) {
      throw ref.replaced(actual);
    }
  }

  private static boolean holds(Path folder, ModelFiles files) throws IOException {
    for (Map.Entry<String, ModelRef> file : files.byPath().entrySet()) {
      if (!isContentOf(folder.resolve(file.getKey()), file.getValue())) {
        return false;
      }
    }
    return true;
  }

  /** The parent folder may be writable by every user, so the folder must be this user's own. */
  private Path prepare(String kind) throws IOException {
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
    return Files.createDirectories(folder.resolve(kind), ownerOnly);
  }

  private static boolean isContentOf(Path file, ModelRef ref) throws IOException {
    // Taken before the content: a file that changes meanwhile has another stamp afterwards.
    Optional<FileStamp> stamp = FileStamp.of(file);
    if (stamp.isEmpty() || stamp.get().bytes() != ref.length()) {
      return false;
    }
    Content content = new Content(file, ref.digest());
    if (stamp.get().equals(CHECKED.get(content))) {
      return true;
    }
    if (!digest(file).equals(ref.digest())) {
      return false;
    }
    CHECKED.put(content, stamp.get());
    return true;
  }

  /**
   * Saves {@link #fetch} from reading a file that was just hashed.
   *
   * @param before its stamp before that
   * @param asked when the stamp was asked for
   */
  static void remember(Path file, Digest digest, FileStamp before, Instant asked) {
    CHECKED.put(new Content(file, digest), before);
    if (before.untouchedSince(asked.minus(SETTLED))) {
      HASHED.put(file, new Hashed(digest, before));
    }
  }

  /**
   * The hash of a file, if this JVM computed it when the file had the same stamp, and had been at
   * rest for long enough that a later change shows in the stamp.
   */
  static Optional<Digest> known(Path file, FileStamp stamp) {
    return Optional.ofNullable(HASHED.get(file))
        .filter(hashed -> hashed.stamp().equals(stamp))
        .map(Hashed::digest);
  }

  private static Digest digest(Path file) throws IOException {
    try (InputStream stream = Files.newInputStream(file)) {
      return Digest.of(stream);
    }
  }
}
