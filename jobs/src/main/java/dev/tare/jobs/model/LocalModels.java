package dev.tare.jobs.model;

import dev.tare.engine.model.ModelFile;
import dev.tare.engine.model.WritableModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Models that this JVM made of others for its sessions, in a folder that ends with it. Thread-safe.
 */
final class LocalModels {

  private final Map<String, ModelFile> made = new HashMap<>();
  private Optional<Path> folder = Optional.empty();

  /**
   * The file of a model, written unless it is there.
   *
   * @param key unique name of its folder
   * @param origin what it is made from
   */
  synchronized ModelFile made(
      String key, ModelHandle origin, Supplier<? extends WritableModel> model) {
    // Fetches data files again that somebody removed.
    Path data = origin.path().getParent();
    ModelFile known = made.get(key);
    if (known == null
        || !Files.exists(known.file())
        || !known.data().map(data::equals).orElse(true)) {
      try {
        known = write(key, data, model.get());
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot prepare model " + origin.ref().uri(), e);
      }
      made.put(key, known);
    }
    return known;
  }

  private ModelFile write(String key, Path data, WritableModel model) throws IOException {
    Path target = Files.createDirectories(folder().resolve(key));
    ModelFile written = model.writeLocal(target, data);
    // In reverse order: a folder must be empty before it can go.
    target.toFile().deleteOnExit();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(target)) {
      files.forEach(file -> file.toFile().deleteOnExit());
    }
    return written;
  }

  /** A folder only for this JVM: process ids are not unique if containers share a folder. */
  private Path folder() throws IOException {
    if (folder.isEmpty()) {
      Path ofJvm = Files.createTempDirectory("tare-prepared-");
      ofJvm.toFile().deleteOnExit();
      folder = Optional.of(ofJvm);
    }
    return folder.get();
  }
}
