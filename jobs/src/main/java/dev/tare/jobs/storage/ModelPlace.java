package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Where a model is that the user named by its file or by a folder, as exporters of Hugging Face
 * write them: {@code model.onnx} or {@code onnx/model.onnx}, with {@code tokenizer.json} in either
 * folder. A folder with one other {@code .onnx} file is as good.
 *
 * @param file path or URI of the model, as it was given where that names a file
 * @param tokenizer path or URI of the tokenizer in the folder; empty where a file was named
 */
public record ModelPlace(String file, Optional<String> tokenizer) {

  private static final String ENDING = ".onnx";
  private static final String TOKENIZER = "tokenizer.json";
  private static final List<String> FOLDERS = List.of("", "onnx/");

  /**
   * Looks into a folder. A location that is none is returned as it is, and so is a folder with no
   * model, or with several of which none is meant more than another: opening it fails with a list
   * of what it has.
   *
   * @param hadoop settings for the file system of a folder; not asked for where a local file, or a
   *     URI that ends in {@code .onnx}, is named
   */
  public static ModelPlace of(String location, Supplier<Configuration> hadoop) {
    if (!isLocal(location) && location.endsWith(ENDING)) {
      return new ModelPlace(location, Optional.empty());
    }
    if (isLocal(location) && !java.nio.file.Files.isDirectory(java.nio.file.Path.of(location))) {
      return new ModelPlace(location, Optional.empty());
    }
    try {
      Path folder = Locations.qualified(location, hadoop.get());
      return in(location, names(folder, folder.getFileSystem(hadoop.get())));
    } catch (IOException | TareException e) {
      // Said where the model is opened, which writes the outcome into the output.
      return new ModelPlace(location, Optional.empty());
    }
  }

  /** A path without scheme; what is no valid path is refused where it is read. */
  private static boolean isLocal(String location) {
    return !location.matches("[A-Za-z][A-Za-z0-9+.-]*:.*") && location.indexOf('\0') < 0;
  }

  private static ModelPlace in(String folder, Set<String> names) {
    String root = folder.endsWith("/") ? folder : folder + "/";
    List<String> found =
        FOLDERS.stream().map(place -> place + "model" + ENDING).filter(names::contains).toList();
    if (found.isEmpty()) {
      found = names.stream().filter(name -> name.endsWith(ENDING)).toList();
    }
    if (found.size() != 1) {
      return new ModelPlace(folder, Optional.empty());
    }
    return new ModelPlace(
        root + found.get(0),
        FOLDERS.stream()
            .map(place -> place + TOKENIZER)
            .filter(names::contains)
            .findFirst()
            .map(name -> root + name));
  }

  /** Names of the files in a folder and in its folder {@code onnx}; empty if it is no folder. */
  static Set<String> names(Path folder, FileSystem fileSystem) throws IOException {
    List<FileStatus> entries = new ArrayList<>();
    try {
      entries.addAll(List.of(fileSystem.listStatus(folder)));
    } catch (FileNotFoundException e) {
      return Set.of();
    }
    Set<String> names = new TreeSet<>();
    for (FileStatus entry : entries) {
      String name = entry.getPath().getName();
      if (!entry.isDirectory()) {
        names.add(name);
      } else if (name.equals("onnx")) {
        for (FileStatus own : Locations.entries(fileSystem, entry.getPath())) {
          names.add("onnx/" + own.getPath().getName());
        }
      }
    }
    return names;
  }
}
