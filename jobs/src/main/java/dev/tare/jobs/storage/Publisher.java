package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import java.io.IOException;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Creates a file that is seen whole or not at all, and by one of many that try at once.
 *
 * <p>Each file system needs its own way: Hadoop's {@code create(overwrite=false)} on {@code file:}
 * lets several racers win. One implementation per scheme; a scheme without one is refused before
 * any work is done.
 */
interface Publisher {
  Map<String, Function<Configuration, Publisher>> SCHEMES =
      new TreeMap<>(Map.of("file", LinkPublisher::new, "hdfs", RenamePublisher::new));

  /**
   * Publishes.
   *
   * @param content the whole file
   * @param temporary where the content may stand meanwhile, in a folder of the same file system
   *     that no one else uses
   * @param target the file to appear
   * @return false if the target existed, which then stays as it was
   */
  boolean publish(byte[] content, Path temporary, Path target) throws IOException;

  /**
   * The publisher for a file system.
   *
   * @throws TareException (usage) if runs cannot be published on that file system
   */
  static Publisher of(URI target, Configuration hadoop) {
    String scheme = String.valueOf(target.getScheme()).toLowerCase(Locale.ROOT);
    Function<Configuration, Publisher> factory = SCHEMES.get(scheme);
    if (factory == null) {
      throw TareException.usage(
          "Cannot publish a run on '%s:' (%s); supported are %s"
              .formatted(scheme, target, String.join(", ", SCHEMES.keySet())));
    }
    return factory.apply(hadoop);
  }
}
