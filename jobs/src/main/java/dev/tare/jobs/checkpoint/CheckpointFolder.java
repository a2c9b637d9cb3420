package dev.tare.jobs.checkpoint;

import dev.tare.engine.safetensors.SafetensorsException;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.ShardIndex;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.storage.Locations;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * A checkpoint as Hugging Face's libraries store it: one safetensors file, or several and an index,
 * with {@code config.json} and other files beside them.
 *
 * @param shards the files with the tensors, by name
 * @param headers what is in them
 * @param config text of {@code config.json}
 * @param configInput the same as an input of a run
 * @param others what is carried over as it is, by name
 * @param left names of files and folders that are not carried over: weights in other formats, and
 *     what has an odd name
 */
record CheckpointFolder(
    SortedMap<String, SourceFile> shards,
    SortedMap<String, SafetensorsHeader> headers,
    String config,
    InputRef configInput,
    List<InputRef> others,
    List<String> left) {

  static final String CONFIG = "config.json";
  private static final String ALONE = "model.safetensors";
  private static final String ENDING = ".safetensors";
  private static final int MOST_CONFIG_BYTES = 16 << 20;

  /**
   * Reads a folder and the headers of its files.
   *
   * @throws TareException (bad input) if it is no checkpoint, or a file in it is refused
   */
  static CheckpointFolder open(String location, Configuration hadoop) throws IOException {
    Path folder = Locations.qualified(location, hadoop);
    SortedMap<String, FileStatus> files = list(folder, hadoop);
    try {
      SortedMap<String, SourceFile> shards = new TreeMap<>();
      SortedMap<String, SafetensorsHeader> headers = new TreeMap<>();
      Map<String, String> where = new HashMap<>();
      ShardIndex index = index(folder, files, hadoop);
      for (String name : names(folder, files, index)) {
        Locations.requireFile(files.get(name).getPath().toString(), hadoop);
        SourceFile shard = SourceFile.of(files.get(name));
        shards.put(name, shard);
        headers.put(name, header(shard, hadoop));
        for (StoredTensor tensor : headers.get(name).tensors()) {
          String other = where.put(tensor.name(), name);
          if (other != null) {
            throw new SafetensorsException(
                folder.toString(),
                "tensor '%s' is in %s and in %s".formatted(tensor.name(), other, name));
          }
        }
      }
      requireAll(folder, index, where);
      CarriedFiles carried = CarriedFiles.among(files, shards.keySet(), hadoop);
      String config = config(files, folder, hadoop);
      return new CheckpointFolder(
          shards,
          headers,
          config,
          InputRef.of(CarriedFiles.ROLE, new Path(folder, CONFIG).toUri(), Digest.of(config)),
          carried.inputs(),
          carried.left());
    } catch (SafetensorsException e) {
      throw TareException.badInput("Cannot use checkpoint " + e.getMessage(), e);
    }
  }

  private static SortedMap<String, FileStatus> list(Path folder, Configuration hadoop)
      throws IOException {
    SortedMap<String, FileStatus> files = new TreeMap<>();
    try {
      for (FileStatus status : folder.getFileSystem(hadoop).listStatus(folder)) {
        files.put(status.getPath().getName(), status);
      }
    } catch (FileNotFoundException e) {
      throw TareException.badInput("No such folder: " + folder, e);
    }
    if (files.size() == 1 && files.values().iterator().next().getPath().equals(folder)) {
      throw TareException.badInput(
          "%s is a file: a checkpoint is named by its folder, with safetensors files and config.json%s"
              .formatted(
                  folder,
                  folder.getName().endsWith(".onnx")
                      ? "; an ONNX model is quantized by tare run --recipe, or by tare quantize --plan"
                      : ""));
    }
    return files;
  }

  private static ShardIndex index(
      Path folder, SortedMap<String, FileStatus> files, Configuration hadoop) throws IOException {
    if (!files.containsKey(ShardIndex.FILE)) {
      return new ShardIndex(new TreeMap<>());
    }
    String place = new Path(folder, ShardIndex.FILE).toString();
    String text = Locations.readShortText(place, ShardIndex.MOST_BYTES, hadoop);
    return ShardIndex.parse(text.getBytes(StandardCharsets.UTF_8), place);
  }

  private static TreeSet<String> names(
      Path folder, SortedMap<String, FileStatus> files, ShardIndex index) {
    TreeSet<String> names = new TreeSet<>(index.files().values());
    for (String name : names) {
      if (!files.containsKey(name)) {
        throw new SafetensorsException(
            folder.toString(),
            "%s names the file %s, which is missing".formatted(ShardIndex.FILE, name));
      }
    }
    if (names.isEmpty()) {
      files.keySet().stream().filter(name -> name.endsWith(ENDING)).forEach(names::add);
      if (names.contains(ALONE)) {
        names.retainAll(List.of(ALONE));
      }
    }
    if (names.size() == 0) {
      throw new SafetensorsException(
          folder.toString(),
          "there is no safetensors file (found: %s)"
              .formatted(String.join(", ", files.keySet().stream().limit(8).toList())));
    }
    if (names.size() > 1 && index.files().isEmpty()) {
      throw new SafetensorsException(
          folder.toString(),
          "there are %d safetensors files, and no %s that says what is in which"
              .formatted(names.size(), ShardIndex.FILE));
    }
    return names;
  }

  private static SafetensorsHeader header(SourceFile file, Configuration hadoop)
      throws IOException {
    try (FSDataInputStream in = file.open(hadoop)) {
      byte[] prefix = in.readNBytes(SafetensorsHeader.PREFIX_BYTES);
      return SafetensorsHeader.read(
          prefix,
          bytes -> {
            try {
              return in.readNBytes(bytes);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          },
          file.bytes(),
          file.uri().toString());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static void requireAll(Path folder, ShardIndex index, Map<String, String> where) {
    List<String> missing = new ArrayList<>();
    index
        .files()
        .forEach(
            (tensor, file) -> {
              if (!file.equals(where.get(tensor))) {
                missing.add("'%s' in %s".formatted(tensor, file));
              }
            });
    if (!missing.isEmpty()) {
      throw new SafetensorsException(
          folder.toString(),
          "%d tensors of %s are missing, the first is %s"
              .formatted(missing.size(), ShardIndex.FILE, missing.get(0)));
    }
  }

  private static String config(
      SortedMap<String, FileStatus> files, Path folder, Configuration hadoop) throws IOException {
    if (!files.containsKey(CONFIG)) {
      throw new SafetensorsException(
          folder.toString(), "there is no config.json, which says how to load the result");
    }
    return Locations.readShortText(new Path(folder, CONFIG).toString(), MOST_CONFIG_BYTES, hadoop);
  }

  /** Bytes of all files with tensors. */
  long bytes() {
    return shards.values().stream().mapToLong(SourceFile::bytes).sum();
  }
}
