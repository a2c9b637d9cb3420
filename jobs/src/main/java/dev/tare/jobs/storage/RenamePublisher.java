package dev.tare.jobs.storage;

import java.io.IOException;
import java.io.OutputStream;
import java.util.EnumSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.Options.Rename;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.IOUtils;

/**
 * {@code hdfs:}: a full temporary file, then a rename without overwrite, which is one operation of
 * the name node. Not for {@code file:}, where Hadoop's rename first checks and then moves.
 */
final class RenamePublisher implements Publisher {
  private final Configuration hadoop;

  RenamePublisher(Configuration hadoop) {
    this.hadoop = hadoop;
  }

  @Override
  public boolean publish(byte[] content, Path temporary, Path target) throws IOException {
    FileContext context = FileContext.getFileContext(target.toUri(), hadoop);
    write(content, temporary, context);
    try {
      context.rename(temporary, target, Rename.NONE);
      return true;
    } catch (FileAlreadyExistsException e) {
      context.delete(temporary, false);
      return false;
    }
  }

  @Override
  public void replace(byte[] content, Path temporary, Path target) throws IOException {
    FileContext context = FileContext.getFileContext(target.toUri(), hadoop);
    write(content, temporary, context);
    context.rename(temporary, target, Rename.OVERWRITE);
  }

  private static void write(byte[] content, Path file, FileContext context) throws IOException {
    FSDataOutputStream stream =
        context.create(file, EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE));
    try {
      ((OutputStream) stream).write(content);
      stream.hsync();
    } catch (IOException e) {
      // Closing throws the same exception again, which try-with-resources cannot handle.
      IOUtils.closeStream(stream);
      throw e;
    }
    stream.close();
  }

  @Override
  public boolean renamesFolders() {
    return true;
  }
}
