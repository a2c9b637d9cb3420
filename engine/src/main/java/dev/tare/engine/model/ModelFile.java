package dev.tare.engine.model;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A model on this machine as a runtime opens it.
 *
 * @param file the model
 * @param data folder of the files in which it keeps data, where that is not the folder of {@code
 *     file}
 * @param aliases the name in {@code file} of each tensor that callers know by another
 */
public record ModelFile(Path file, Optional<Path> data, SortedMap<String, String> aliases) {

  public ModelFile {
    aliases = Collections.unmodifiableSortedMap(new TreeMap<>(aliases));
  }

  /** A model with all its data in itself, or beside it. */
  public static ModelFile of(Path file) {
    return new ModelFile(file, Optional.empty(), new TreeMap<>());
  }

  /** A model that uses data files of another folder. */
  public static ModelFile withDataIn(Path file, Path folder) {
    return new ModelFile(file, Optional.of(folder), new TreeMap<>());
  }

  /** The same file, of whose tensors some have other names than callers use. */
  public ModelFile with(SortedMap<String, String> otherAliases) {
    return new ModelFile(file, data, otherAliases);
  }
}
