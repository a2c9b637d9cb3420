package dev.tare.jobs.stage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.input.LocalFile;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.ModelCache;
import dev.tare.jobs.storage.ModelRef;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;

/**
 * A tokenizer as it travels to executors: by place and content.
 *
 * @param ref place and content
 * @param hadoop settings of its file system
 */
public record CachedFile(ModelRef ref, HadoopSettings hadoop) implements LocalFile {

  private static final long serialVersionUID = 1L;

  static CachedFile open(String location, Configuration hadoop) throws IOException {
    return new CachedFile(ModelRef.of(location, hadoop), HadoopSettings.of(hadoop));
  }

  @Override
  public Path path() {
    try {
      return ModelCache.ofUser().fetch(ref, hadoop.configuration());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot fetch " + ref.uri(), e);
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws TareException (bad input) if they are not those that the run began with
   */
  @Override
  public byte[] content() {
    try {
      byte[] bytes = Files.readAllBytes(path());
      ref.requireContent(bytes);
      return bytes;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + ref.uri(), e);
    }
  }

  @Override
  public String identity() {
    return ref.sha256();
  }

  @Override
  public String displayName() {
    return ref.uri().toString();
  }
}
