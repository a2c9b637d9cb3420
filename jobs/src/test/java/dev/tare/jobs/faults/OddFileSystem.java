package dev.tare.jobs.faults;

import java.io.IOException;
import java.net.URI;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** The local disk under a scheme that nothing is known of. */
public class OddFileSystem extends RawLocalFileSystem {

  public static Configuration configured() {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.odd.impl", OddFileSystem.class.getName());
    return hadoop;
  }

  @Override
  public URI getUri() {
    return URI.create("odd:///");
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    return plain(super.getFileStatus(path));
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    return Stream.of(super.listStatus(path)).map(OddFileSystem::plain).toArray(FileStatus[]::new);
  }

  /** Without permissions, which Hadoop would ask the local disk for by a path of its own scheme. */
  private static FileStatus plain(FileStatus status) {
    return new FileStatus(
        status.getLen(),
        status.isDirectory(),
        1,
        status.getBlockSize(),
        status.getModificationTime(),
        status.getPath());
  }

  @Override
  public String getScheme() {
    return "odd";
  }
}
