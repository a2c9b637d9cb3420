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
 * @param data folder of its external data files; empty if that is the folder of {@code file}
 * @param aliases the name in {@code file} of each tensor that callers know by another name
 */
public record ModelFile(Path file, Optional<Path> data, SortedMap<String, String> aliases) {

  public ModelFile {
    aliases = Collections.unmodifiableSortedMap(new TreeMap<>(aliases));
  }

  /** Creates a model with all its data in the file or in its folder. */
  public static ModelFile of(Path file) {
    return new ModelFile(file, Optional.empty(), new TreeMap<>());
  }

  /** Creates a model whose data files are in another folder. */
  public static ModelFile withDataIn(Path file, Path folder) {
    return new ModelFile(file, Optional.of(folder), new TreeMap<>());
  }

  /** Returns the same file with aliases for its tensors. */
  public ModelFile with(SortedMap<String, String> otherAliases) {
    return new ModelFile(file, data, otherAliases);
  }
}
