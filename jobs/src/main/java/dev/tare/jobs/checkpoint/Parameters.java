package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.LinearWeight;
import dev.tare.engine.checkpoint.MatrixDigest;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.engine.tensor.Shape;
import java.io.IOException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/** The matrices of a checkpoint that can be weights of linear layers. */
final class Parameters {

  private static final int SLICE_BYTES = 4 << 20;
  private static final String WEIGHT = ".weight";

  private final CheckpointFolder source;
  private final Configuration hadoop;

  Parameters(CheckpointFolder source, Configuration hadoop) {
    this.source = source;
    this.hadoop = hadoop;
  }

  private static boolean isMatrix(StoredTensor tensor) {
    return tensor.name().endsWith(WEIGHT)
        && tensor.spec().shape().rank() == 2
        && tensor.spec().type().quantizable();
  }

  /** Hashes of the values of those that have the shape of one of these weights. */
  SortedMap<String, String> digests(Collection<LinearWeight> weights) throws IOException {
    Set<Shape> shapes = new HashSet<>();
    weights.forEach(weight -> shapes.add(Shape.of(weight.rows(), weight.columns())));
    SortedMap<String, String> digests = new TreeMap<>();
    byte[] slice = new byte[SLICE_BYTES];
    Map<String, SourceFile> files = source.shards();
    try (SourceReader reader = new SourceReader(files, hadoop)) {
      for (Map.Entry<String, SafetensorsHeader> file : source.headers().entrySet()) {
        for (StoredTensor tensor : file.getValue().tensors()) {
          if (isMatrix(tensor) && shapes.contains(tensor.spec().shape())) {
            MatrixDigest digest = new MatrixDigest();
            reader.read(
                file.getKey(),
                tensor,
                slice,
                (bytes, length) -> digest.add(tensor.spec().type(), bytes, length));
            digests.put(tensor.name(), digest.sha256());
          }
        }
      }
    }
    return digests;
  }

  /**
   * Checks names that a person decided.
   *
   * @throws IllegalArgumentException if a weight or a parameter is not there, or their shapes
   *     differ
   */
  void requireFitting(SortedMap<String, LinearWeight> weights, SortedMap<String, String> given) {
    given.forEach(
        (initializer, parameter) -> {
          LinearWeight weight = weights.get(initializer);
          if (weight == null) {
            throw new IllegalArgumentException(
                "the mapping names '%s', which is no quantized weight of a linear layer"
                    .formatted(initializer));
          }
          Shape shape = Shape.of(weight.rows(), weight.columns());
          boolean fits =
              source.headers().values().stream()
                  .flatMap(header -> header.tensors().stream())
                  .anyMatch(
                      tensor ->
                          tensor.name().equals(parameter)
                              && isMatrix(tensor)
                              && tensor.spec().shape().equals(shape));
          if (!fits) {
            throw new IllegalArgumentException(
                "the mapping says that '%s' is '%s', but the checkpoint has no such weight of shape %s"
                    .formatted(initializer, parameter, shape));
          }
        });
  }

  /** Paths of the modules of the other matrices, sorted. */
  List<String> others(Set<String> parameters) {
    return source.headers().values().stream()
        .flatMap(header -> header.tensors().stream())
        .filter(tensor -> isMatrix(tensor) && !parameters.contains(tensor.name()))
        .map(tensor -> tensor.name().substring(0, tensor.name().length() - WEIGHT.length()))
        .sorted()
        .toList();
  }
}
