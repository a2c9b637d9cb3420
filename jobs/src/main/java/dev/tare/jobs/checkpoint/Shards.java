package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.PlannedShard;
import dev.tare.engine.checkpoint.PlannedTensor;
import dev.tare.jobs.artifact.Digest;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What all tasks together write, as it is broadcast.
 *
 * @param texts each file of the result, as {@link PlannedShard#toJson} writes it
 * @param files the files of the original
 * @param largest the magnitudes that scales of tensors follow from, by the names of weights; empty
 *     where there are no such scales, or before they are known
 * @param importance by what errors in the columns of weights count, by the names of weights; none
 *     for those whose columns count the same
 * @param earlier folders with files that attempts before this one finished
 */
record Shards(
    List<String> texts,
    List<SourceFile> files,
    Map<String, Float> largest,
    SortedMap<String, float[]> importance,
    List<String> earlier)
    implements Serializable {

  private static final long serialVersionUID = 1L;

  Shards {
    texts = List.copyOf(texts);
    files = List.copyOf(files);
    largest = Map.copyOf(largest);
    importance = new TreeMap<>(importance);
    earlier = List.copyOf(earlier);
  }

  PlannedShard shard(int number) {
    return PlannedShard.parse(texts.get(number));
  }

  /** The files of the original, by name. */
  Map<String, SourceFile> byName() {
    return files.stream().collect(Collectors.toMap(SourceFile::name, Function.identity()));
  }

  /** Hash of everything that decides the bytes of a file of the result. */
  String source(PlannedShard shard, CheckpointRecipeText recipe) {
    StringBuilder text = new StringBuilder();
    text.append(WritingCode.identity());
    text.append(shard.toJson()).append('\n').append(recipe.json()).append('\n');
    Map<String, SourceFile> byName = byName();
    shard.tensors().stream()
        .map(PlannedTensor::file)
        .distinct()
        .sorted()
        .map(byName::get)
        .forEach(
            file ->
                text.append(file.uri())
                    .append(' ')
                    .append(file.bytes())
                    .append(' ')
                    .append(file.modified())
                    .append('\n'));
    for (PlannedTensor tensor : shard.tensors()) {
      Float most = largest.get(tensor.source().name());
      float[] columns = importance.get(tensor.source().name());
      if (columns != null) {
        text.append(Digest.of(bytes(columns)).sha256()).append('\n');
      }
      if (most != null) {
        text.append(Float.floatToIntBits(most)).append('\n');
      }
    }
    return Digest.of(text.toString()).sha256();
  }

  private static byte[] bytes(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }
}
