package dev.tare.jobs.checkpoint;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.storage.FinishedFiles;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Takes files that attempts before this one finished: copies them, and compares the hash of what it
 * copied. It never touches theirs, since an attempt that counts as dead may still be writing.
 */
final class EarlierShards {

  private static final int MOST_NOTE_BYTES = 64 << 20;
  private static final int CHUNK = 1 << 20;

  private final List<String> folders;
  private final Configuration hadoop;

  /**
   * @param folders where such files are
   */
  EarlierShards(List<String> folders, Configuration hadoop) {
    this.folders = folders;
    this.hadoop = hadoop;
  }

  /**
   * Writes a file from an earlier one.
   *
   * @param source hash of everything that decides its bytes
   * @return empty if there is none that was made from the same and is whole; then nothing is
   *     written
   */
  Optional<FinishedShard> take(Path target, long attempt, String source) throws IOException {
    for (String folder : folders) {
      Path earlier = new Path(folder, target.getName());
      Optional<FinishedShard> note = note(earlier);
      if (note.isPresent()
          && note.get().source().equals(source)
          && copy(earlier, target, attempt, note.get().digest())) {
        return note;
      }
    }
    return Optional.empty();
  }

  /** Says beside a file what it was made from. */
  void tell(Path target, long attempt, FinishedShard shard) throws IOException {
    byte[] text = shard.format().getBytes(StandardCharsets.UTF_8);
    try (OutputFile out = OutputFile.create(notePath(target), attempt, hadoop)) {
      out.write(text, text.length);
      out.finish();
    }
  }

  private static Path notePath(Path file) {
    return new Path(file.getParent(), FinishedFiles.note(file.getName()));
  }

  private Optional<FinishedShard> note(Path file) {
    String place = notePath(file).toString();
    try {
      String text = Locations.readShortText(place, MOST_NOTE_BYTES, hadoop);
      return Optional.of(FinishedShard.parse(text, place));
    } catch (IOException | TareException e) {
      // Missing, truncated, or of another version: the file is made anew.
      return Optional.empty();
    }
  }

  private boolean copy(Path earlier, Path target, long attempt, Digest expected)
      throws IOException {
    byte[] chunk = new byte[CHUNK];
    try (InputStream in = earlier.getFileSystem(hadoop).open(earlier);
        OutputFile out = OutputFile.create(target, attempt, hadoop)) {
      for (int n = read(in, chunk); n > 0; n = read(in, chunk)) {
        out.write(chunk, n);
      }
      return out.finishIf(expected);
    } catch (Unreadable e) {
      return false;
    } catch (java.io.FileNotFoundException e) {
      return false;
    }
  }

  private static int read(InputStream in, byte[] chunk) throws Unreadable {
    try {
      return in.read(chunk);
    } catch (IOException e) {
      throw new Unreadable(e);
    }
  }

  /** The earlier file is damaged, or was removed while it was read. */
  private static final class Unreadable extends IOException {
    private static final long serialVersionUID = 1L;

    Unreadable(IOException cause) {
      super(cause);
    }
  }
}
