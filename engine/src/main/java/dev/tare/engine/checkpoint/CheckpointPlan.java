package dev.tare.engine.checkpoint;

import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.ShardIndex;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.engine.safetensors.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which tensors of a checkpoint are quantized, how, and in which file of the result each one is: a
 * function of the recipe and of the headers alone.
 *
 * @param shards the files of the result
 * @param schemes how the linear layers are quantized that are, by the paths of their modules
 * @param left paths of the other modules with a matrix, sorted, each with the reason
 * @param torn layers that a runtime joins of parts that differ, each with its parts
 * @param idle rules of the recipe that decide nothing, each with its pattern
 */
public record CheckpointPlan(
    List<PlannedShard> shards,
    SortedMap<String, WeightScheme> schemes,
    SortedMap<String, String> left,
    List<String> torn,
    List<String> idle) {

  /**
   * Files of the result end after so many bytes, or after one tensor if it has more: small enough
   * for several tasks where the checkpoint is small, and for a retry to cost little.
   */
  public static final long MOST_SHARD_BYTES = 512L << 20;

  /** A tensor that the recipe names. */
  public static final String EXCLUDED = "excluded by the recipe";

  private static final String ALONE = "model.safetensors";

  public CheckpointPlan {
    shards = List.copyOf(shards);
    schemes = new TreeMap<>(schemes);
    left = new TreeMap<>(left);
    torn = List.copyOf(torn);
    idle = List.copyOf(idle);
  }

  /**
   * Plans the result.
   *
   * @param files headers by the names of files, in the order of the checkpoint
   * @param mostBytes after which a file of the result ends
   * @throws IllegalArgumentException if two files have a tensor of the same name, or what is
   *     written would; or if layers that share the scale of a tensor have different schemes
   */
  public static CheckpointPlan of(
      CheckpointRecipe recipe, SortedMap<String, SafetensorsHeader> files, long mostBytes) {
    LayerDecisions layers = new LayerDecisions(recipe);
    List<List<PlannedTensor>> groups = new ArrayList<>();
    long bytes = mostBytes;
    for (Map.Entry<String, SafetensorsHeader> file : files.entrySet()) {
      for (StoredTensor tensor : file.getValue().tensors()) {
        Optional<WeightScheme> scheme = layers.decide(tensor.spec());
        PlannedTensor planned = new PlannedTensor(file.getKey(), tensor, scheme);
        long more = planned.bytes();
        if (bytes + more > mostBytes || groups.isEmpty()) {
          groups.add(new ArrayList<>());
          bytes = 0;
        }
        groups.get(groups.size() - 1).add(planned);
        bytes += more;
      }
    }
    List<PlannedShard> shards = new ArrayList<>();
    for (int i = 0; i < groups.size(); i++) {
      shards.add(PlannedShard.of(name(i, groups.size()), groups.get(i)));
    }
    CheckpointPlan plan =
        new CheckpointPlan(shards, layers.schemes(), layers.left(), layers.torn(), layers.idle());
    plan.index();
    return plan;
  }

  private static String name(int number, int of) {
    return of == 1
        ? ALONE
        : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", number + 1, of);
  }

  /** Paths of the linear layers that are quantized, sorted. */
  public List<String> modules() {
    return List.copyOf(schemes.keySet());
  }

  /**
   * Tensors that have a file of more bytes than others to themselves, since the format has no
   * tensor in two files; with their bytes, by name.
   *
   * @param mostBytes after which a file of the result ends
   */
  public SortedMap<String, Long> larger(long mostBytes) {
    SortedMap<String, Long> larger = new TreeMap<>();
    for (PlannedShard shard : shards) {
      for (PlannedTensor tensor : shard.tensors()) {
        if (tensor.bytes() > mostBytes) {
          larger.put(tensor.source().name(), tensor.bytes());
        }
      }
    }
    return larger;
  }

  /** Which tensor of the result is in which file. */
  public ShardIndex index() {
    SortedMap<String, String> files = new TreeMap<>();
    for (PlannedShard shard : shards) {
      for (PlannedTensor tensor : shard.tensors()) {
        for (TensorSpec output : tensor.outputs()) {
          String other = files.put(output.name(), shard.file());
          if (other != null) {
            throw new IllegalArgumentException(
                "Two tensors are called '%s', or would be".formatted(output.name()));
          }
        }
      }
    }
    return new ShardIndex(files);
  }

  /** Bytes of all tensors of the result. */
  public long bytes() {
    return shards.stream()
        .flatMap(shard -> shard.tensors().stream())
        .mapToLong(PlannedTensor::bytes)
        .sum();
  }
}
