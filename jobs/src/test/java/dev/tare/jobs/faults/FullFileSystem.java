package dev.tare.jobs.faults;

import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** A disk that has no room for a status as long as an attempt keeps files. */
public final class FullFileSystem extends OddFileSystem {

  public static Configuration configured() {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.full.impl", FullFileSystem.class.getName());
    return hadoop;
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    requireRoom(path);
    return super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress);
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    requireRoom(path);
    return super.create(path, overwrite, bufferSize, replication, blockSize, progress);
  }

  private void requireRoom(Path path) throws IOException {
    if (!path.getName().equals("status.json") || !exists(path)) {
      return;
    }
    for (FileStatus entry : listStatus(path.getParent())) {
      if (entry.isDirectory() && listStatus(entry.getPath()).length > 0) {
        throw new IOException("No space left on device");
      }
    }
  }

  @Override
  public URI getUri() {
    return URI.create("full:///");
  }

  @Override
  public String getScheme() {
    return "full";
  }
}
