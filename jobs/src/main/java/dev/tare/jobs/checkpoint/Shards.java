package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.PlannedShard;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What all tasks together write, as it is broadcast.
 *
 * @param texts each file of the result, as {@link PlannedShard#toJson} writes it
 * @param files the files of the original
 * @param largest the magnitudes that scales of tensors follow from, by the names of weights; empty
 *     where there are no such scales, or before they are known
 */
record Shards(List<String> texts, List<SourceFile> files, Map<String, Float> largest)
    implements Serializable {

  private static final long serialVersionUID = 1L;

  Shards {
    texts = List.copyOf(texts);
    files = List.copyOf(files);
    largest = Map.copyOf(largest);
  }

  PlannedShard shard(int number) {
    return PlannedShard.parse(texts.get(number));
  }

  /** The files of the original, by name. */
  Map<String, SourceFile> byName() {
    return files.stream().collect(Collectors.toMap(SourceFile::name, Function.identity()));
  }
}
