package dev.tare.engine.checkpoint;

import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.ShardIndex;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.engine.safetensors.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which tensors of a checkpoint are quantized, and in which file of the result each one is: a
 * function of the recipe and of the headers alone.
 *
 * @param scheme how weights are quantized
 * @param shards the files of the result
 * @param modules paths of the linear layers that are quantized, sorted
 * @param left paths of the other modules with a matrix, sorted, each with the reason
 */
public record CheckpointPlan(
    WeightScheme scheme,
    List<PlannedShard> shards,
    List<String> modules,
    SortedMap<String, String> left) {

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
    modules = List.copyOf(modules);
    left = new TreeMap<>(left);
  }

  /**
   * Plans the result.
   *
   * @param files headers by the names of files, in the order of the checkpoint
   * @param mostBytes after which a file of the result ends
   * @throws IllegalArgumentException if two files have a tensor of the same name, or what is
   *     written would
   */
  public static CheckpointPlan of(
      CheckpointRecipe recipe, SortedMap<String, SafetensorsHeader> files, long mostBytes) {
    WeightScheme scheme = recipe.scheme();
    SortedMap<String, String> left = new TreeMap<>();
    List<String> modules = new ArrayList<>();
    List<List<PlannedTensor>> groups = new ArrayList<>();
    long bytes = mostBytes;
    for (Map.Entry<String, SafetensorsHeader> file : files.entrySet()) {
      for (StoredTensor tensor : file.getValue().tensors()) {
        boolean quantized = decide(recipe, tensor.spec(), modules, left);
        PlannedTensor planned = new PlannedTensor(file.getKey(), tensor, quantized);
        long more = planned.bytes(scheme);
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
      shards.add(PlannedShard.of(name(i, groups.size()), groups.get(i), scheme));
    }
    CheckpointPlan plan =
        new CheckpointPlan(scheme, shards, modules.stream().sorted().toList(), left);
    plan.index();
    return plan;
  }

  private static boolean decide(
      CheckpointRecipe recipe,
      TensorSpec tensor,
      List<String> modules,
      SortedMap<String, String> left) {
    if (!CheckpointRecipe.isLinear(tensor)) {
      return false;
    }
    String module = CheckpointRecipe.module(tensor);
    String reason =
        recipe.excludes(module) ? EXCLUDED : recipe.scheme().against(tensor.shape().dim(1));
    if (!reason.isEmpty()) {
      left.put(module, reason);
      return false;
    }
    modules.add(module);
    return true;
  }

  private static String name(int number, int of) {
    return of == 1
        ? ALONE
        : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", number + 1, of);
  }

  /** Which tensor of the result is in which file. */
  public ShardIndex index() {
    SortedMap<String, String> files = new TreeMap<>();
    for (PlannedShard shard : shards) {
      for (PlannedTensor tensor : shard.tensors()) {
        for (TensorSpec output : tensor.outputs(scheme)) {
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
        .mapToLong(tensor -> tensor.bytes(scheme))
        .sum();
  }
}
