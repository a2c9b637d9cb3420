package dev.tare.jobs.faults;

import dev.tare.jobs.storage.ModelCache;
import dev.tare.jobs.storage.ModelRef;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/** The local disk, slowly: leaves a file beside what it opens for every time that it is opened. */
public final class SlowFileSystem extends OddFileSystem {

  /** Fetches a file into a cache, as an executor does: URI, sha256, length, cache. */
  public static void main(String[] arguments) throws IOException {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.odd.impl", SlowFileSystem.class.getName());
    ModelRef ref =
        new ModelRef(URI.create(arguments[0]), arguments[1], Long.parseLong(arguments[2]));
    System.out.println(ModelCache.in(java.nio.file.Path.of(arguments[3])).fetch(ref, hadoop));
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    Files.createFile(
        java.nio.file.Path.of(path.toUri().getPath() + ".opened-" + UUID.randomUUID()));
    try {
      Thread.sleep(1500);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return super.open(path, bufferSize);
  }
}
