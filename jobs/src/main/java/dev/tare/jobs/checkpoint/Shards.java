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
 */
record Shards(List<String> texts, List<SourceFile> files) implements Serializable {

  private static final long serialVersionUID = 1L;

  Shards {
    texts = List.copyOf(texts);
    files = List.copyOf(files);
  }

  PlannedShard shard(int number) {
    return PlannedShard.parse(texts.get(number));
  }

  /** The files of the original, by name. */
  Map<String, SourceFile> byName() {
    return files.stream().collect(Collectors.toMap(SourceFile::name, Function.identity()));
  }
}
