package dev.tare.jobs.checkpoint;

import dev.tare.engine.safetensors.ShardIndex;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;

/**
 * The files of a checkpoint's folder besides its tensors: tokenizer, generation settings, code,
 * licence. Weights in other formats are those of the float model, so they are not carried over.
 *
 * @param inputs what is carried over
 * @param left names of what is not
 */
record CarriedFiles(List<InputRef> inputs, List<String> left) {

  /** Name of such a file among a run's inputs. */
  static final String ROLE = "checkpoint-file";

  private static final Pattern WEIGHTS =
      Pattern.compile(
          ".*\\.(safetensors|bin|pt|pth|ckpt|h5|msgpack|gguf|onnx|onnx_data|tflite|index\\.json|index)(\\.[0-9-]+)?");

  static CarriedFiles among(
      SortedMap<String, FileStatus> files, Set<String> shards, Configuration hadoop)
      throws IOException {
    List<InputRef> inputs = new ArrayList<>();
    List<String> left = new ArrayList<>();
    for (Map.Entry<String, FileStatus> file : files.entrySet()) {
      String name = file.getKey();
      boolean known =
          shards.contains(name)
              || name.equals(ShardIndex.FILE)
              || name.equals(CheckpointFolder.CONFIG);
      if (known || name.startsWith(".")) {
        continue;
      }
      if (file.getValue().isDirectory()
          || WEIGHTS.matcher(name).matches()
          || !Part.isModelFile(Part.MODEL_STEM + "/" + name)) {
        left.add(name);
      } else {
        inputs.add(Locations.input(ROLE, file.getValue().getPath().toString(), hadoop));
      }
    }
    return new CarriedFiles(inputs, left);
  }
}
