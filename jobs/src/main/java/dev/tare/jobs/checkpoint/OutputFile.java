package dev.tare.jobs.checkpoint;

import dev.tare.jobs.artifact.Digest;
import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * A file that appears whole or not at all, whichever of several attempts at the same content comes
 * first: where streams can be aborted (object stores) they write it directly, elsewhere under
 * another name. Not thread-safe.
 */
final class OutputFile implements AutoCloseable {

  private final FileSystem fileSystem;
  private final Path target;
  private final Path written;
  private final FSDataOutputStream stream;
  private final MessageDigest digest;
  private final OutputStream out;
  private long bytes;
  private boolean done;

  private OutputFile(FileSystem fileSystem, Path target, Path written) throws IOException {
    this.fileSystem = fileSystem;
    this.target = target;
    this.written = written;
    this.stream = fileSystem.create(written, true);
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
    this.out = new DigestOutputStream(stream, digest);
  }

  /**
   * Begins a file.
   *
   * @param attempt tells this attempt from others at the same file
   */
  static OutputFile create(Path target, long attempt, Configuration hadoop) throws IOException {
    FileSystem fileSystem = target.getFileSystem(hadoop);
    boolean abortable = fileSystem.hasPathCapability(target, StreamCapabilities.ABORTABLE_STREAM);
    return new OutputFile(
        fileSystem, target, abortable ? target : UnfinishedShards.name(target, attempt));
  }

  void write(byte[] content, int length) throws IOException {
    out.write(content, 0, length);
    bytes += length;
  }

  long bytes() {
    return bytes;
  }

  /**
   * Ends the file if it has the bytes that are expected.
   *
   * @return whether it has; if not, {@link #close} leaves nothing of it
   */
  boolean finishIf(Digest expected) throws IOException {
    Digest found = digest();
    if (found.equals(expected)) {
      finish(found);
    }
    return done;
  }

  /** Ends the file, which then has its name. */
  Digest finish() throws IOException {
    Digest found = digest();
    finish(found);
    return found;
  }

  private Digest digest() {
    return new Digest(HexFormat.of().formatHex(digest.digest()), bytes);
  }

  private void finish(Digest found) throws IOException {
    stream.close();
    if (!written.equals(target) && !fileSystem.rename(written, target)) {
      // Another attempt came first; both have the same bytes.
      if (!fileSystem.exists(target)
          || fileSystem.getFileStatus(target).getLen() != found.bytes()) {
        throw new IOException("Cannot rename %s to %s".formatted(written, target));
      }
      fileSystem.delete(written, false);
    }
    done = true;
  }

  /** Leaves nothing, unless the file is finished. */
  @Override
  public void close() throws IOException {
    if (done) {
      return;
    }
    if (written.equals(target)) {
      stream.abort();
    } else {
      stream.close();
      fileSystem.delete(written, false);
    }
  }
}
