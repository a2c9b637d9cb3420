package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.CheckpointPlan;
import dev.tare.engine.checkpoint.ImportanceSums;
import dev.tare.engine.checkpoint.PlannedShard;
import dev.tare.engine.checkpoint.PlannedTensor;
import dev.tare.engine.checkpoint.WeightScheme;
import dev.tare.engine.gguf.GgufException;
import dev.tare.engine.gguf.GgufFile;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.jobs.Printable;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.console.Amounts;
import dev.tare.jobs.stage.Inputs;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Reads importance files, adds them up, and finds what they have of each quantized weight. */
final class ImportanceFiles {

  private ImportanceFiles() {}

  /**
   * Reads the files, in the order of their hashes, so that their order on the command line does not
   * matter.
   *
   * @return mean squares of inputs by the names of weights; none of those that no file has, of
   *     which a warning tells
   * @throws TareException (bad input) if a file is refused, or no file has any of the weights;
   *     (usage) if the recipe does not search ranges
   */
  static SortedMap<String, float[]> read(List<String> files, CheckpointPlan plan, Inputs inputs)
      throws IOException {
    SortedMap<String, float[]> means = new TreeMap<>();
    if (files.isEmpty()) {
      return means;
    }
    try {
      if (plan.schemes().values().stream().noneMatch(WeightScheme::weighable)) {
        plan.schemes().values().forEach(WeightScheme::requireWeighable);
      }
    } catch (IllegalArgumentException e) {
      throw TareException.usage("Cannot use --importance: " + e.getMessage());
    }
    List<String> without = new ArrayList<>();
    try {
      ImportanceSums sums = sums(files, inputs.hadoop());
      for (PlannedShard shard : plan.shards()) {
        for (PlannedTensor tensor : shard.tensors()) {
          if (tensor.scheme().filter(WeightScheme::weighable).isPresent()) {
            TensorSpec spec = tensor.source().spec();
            sums.of(spec.name(), spec.shape().dim(1))
                .ifPresentOrElse(
                    own -> means.put(spec.name(), own), () -> without.add(spec.name()));
          }
        }
      }
    } catch (GgufException | IllegalArgumentException e) {
      throw TareException.badInput("Cannot use importance file " + e.getMessage(), e);
    }
    if (means.isEmpty()) {
      throw TareException.badInput(
          "No importance of '%s' or any other weight is in %s: names of its tensors are not those of llama.cpp for such a model"
              .formatted(without.get(0), String.join(", ", files)));
    }
    if (!without.isEmpty()) {
      inputs.warn(
          "%s no importance, so that their columns count the same: %s"
              .formatted(Amounts.counted(without.size(), "weight has"), Printable.list(without)));
    }
    return means;
  }

  private static ImportanceSums sums(List<String> files, Configuration hadoop) throws IOException {
    SortedMap<String, String> byHash = new TreeMap<>();
    for (String file : files) {
      String hash = Digest.of(content(file, hadoop)).sha256();
      if (byHash.put(hash, file) != null) {
        throw TareException.usage(
            "Importance file %s has the same content as another one".formatted(file));
      }
    }
    ImportanceSums sums = new ImportanceSums();
    for (String file : byHash.values()) {
      sums.add(GgufFile.read(ByteBuffer.wrap(content(file, hadoop)), file), file);
    }
    return sums;
  }

  private static byte[] content(String location, Configuration hadoop) throws IOException {
    Locations.requireFile(location, hadoop);
    Path path = Locations.qualified(location, hadoop);
    FileSystem fileSystem = path.getFileSystem(hadoop);
    FileStatus status = fileSystem.getFileStatus(path);
    if (status.getLen() > GgufFile.MOST_BYTES) {
      throw new GgufException(
          location,
          "it has %d bytes, more than %d".formatted(status.getLen(), GgufFile.MOST_BYTES));
    }
    try (InputStream in = fileSystem.open(path)) {
      return in.readNBytes((int) status.getLen());
    }
  }
}
