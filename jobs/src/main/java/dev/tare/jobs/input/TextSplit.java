package dev.tare.jobs.input;

import dev.tare.jobs.input.DataFiles.DataFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/**
 * A part of a text file: the lines whose first byte is after {@code start} and not after {@code
 * end}, and in the split from 0 also the first line. So each line is in exactly one split.
 * Compressed files and separated values are not split.
 *
 * @param path as Hadoop writes it
 * @param start first byte
 * @param end first byte after the split; a line that crosses it is read to its end
 * @param firstLine 0-based number of its first line in the file
 */
record TextSplit(String path, long start, long end, long firstLine) implements Serializable {

  private static final long serialVersionUID = 1L;

  /**
   * The splits of a file.
   *
   * @param bytes largest size of a split
   */
  static List<TextSplit> of(DataFile file, long bytes, LineForm form, Configuration configuration) {
    List<TextSplit> splits = new ArrayList<>();
    if (!form.splittable() || codec(file.path(), configuration) != null) {
      splits.add(new TextSplit(file.path(), 0, Long.MAX_VALUE, 0));
      return splits;
    }
    for (long start = 0; start < file.bytes(); start += bytes) {
      splits.add(new TextSplit(file.path(), start, Math.min(start + bytes, file.bytes()), 0));
    }
    return splits;
  }

  private static CompressionCodec codec(String path, Configuration configuration) {
    return new CompressionCodecFactory(configuration).getCodec(new Path(path));
  }

  /** Whether it is a whole file. */
  boolean whole(DataFile file) {
    return start == 0 && end >= file.bytes();
  }

  TextSplit from(long line) {
    return new TextSplit(path, start, end, line);
  }

  /**
   * Opens the file where the split begins.
   *
   * @throws InputException if it cannot be opened
   */
  Open open(LineForm form, Configuration configuration) {
    Path file = new Path(path);
    FSDataInputStream stored = null;
    try {
      stored = file.getFileSystem(configuration).open(file);
      CompressionCodec codec = codec(path, configuration);
      if (codec != null) {
        return new Open(this, codec.createInputStream(stored), 0, form);
      }
      stored.seek(start);
      Open open = new Open(this, stored, start, form);
      if (start > 0) {
        // This line, or the rest of it, belongs to the split before.
        open.scanner.next();
      }
      return open;
    } catch (IOException | RuntimeException e) {
      Open.close(stored);
      throw unreadable(e);
    }
  }

  private InputException unreadable(Exception failure) {
    return new InputException("Cannot read " + path + ": " + failure.getMessage(), failure);
  }

  /** A split that is being read. Not thread-safe; confined to one Spark task. */
  static final class Open implements AutoCloseable {

    private final TextSplit split;
    private final InputStream in;
    private final LineScanner scanner;

    private Open(TextSplit split, InputStream in, long position, LineForm form) {
      this.split = split;
      this.in = in;
      this.scanner = new LineScanner(in, position, form);
    }

    /**
     * Goes to the next line; false after the last.
     *
     * @throws InputException if the file cannot be read
     */
    boolean next() {
      try {
        return scanner.position() <= split.end && scanner.next();
      } catch (IOException | RuntimeException e) {
        throw split.unreadable(e);
      }
    }

    LineScanner line() {
      return scanner;
    }

    @Override
    public void close() {
      close(in);
    }

    private static void close(InputStream in) {
      try {
        if (in != null) {
          in.close();
        }
      } catch (IOException e) {
        // Everything needed was read, or an exception is being thrown already.
        return;
      }
    }
  }
}
