package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.LinearLayers;
import dev.tare.engine.checkpoint.LinearWeight;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.engine.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Writes one safetensors file: tensors of a checkpoint as they are, but for the weights of some
 * linear layers.
 *
 * @param source where the others are
 * @param layers what replaces its weights
 */
record GraphCheckpoint(CheckpointFolder source, LinearLayers layers, Configuration hadoop) {

  private static final int SLICE_BYTES = 4 << 20;

  /** The integers of a weight, in the order of the graph. */
  interface Codes {
    ByteBuffer of(LinearWeight weight);
  }

  /** A tensor of the result, and the one of the source that it is or replaces. */
  private record Output(TensorSpec spec, String file, StoredTensor from) {}

  /**
   * @throws IllegalArgumentException if two tensors of the result would have one name
   */
  void write(Path target, Codes codes) throws IOException {
    List<Output> outputs = outputs();
    SafetensorsHeader header =
        SafetensorsHeader.layOut(
            new TreeMap<>(Map.of("format", "pt")), outputs.stream().map(Output::spec).toList());
    byte[] slice = new byte[SLICE_BYTES];
    try (SourceReader reader = new SourceReader(source.shards(), hadoop);
        OutputFile out = OutputFile.create(target, 0, hadoop)) {
      byte[] encoded = header.encode();
      out.write(encoded, encoded.length);
      for (Output output : outputs) {
        String name = output.from().name();
        LinearWeight weight = layers.weights().get(name);
        if (weight == null) {
          reader.read(output.file(), output.from(), slice, out::write);
        } else {
          byte[] bytes = layers.bytes(name, output.spec(), codes.of(weight)).array();
          out.write(bytes, bytes.length);
        }
      }
      out.finish();
    }
  }

  /** Those with larger elements come first, so that each is aligned. */
  private List<Output> outputs() {
    List<Output> all = new ArrayList<>();
    Set<String> names = new HashSet<>();
    source
        .headers()
        .forEach(
            (file, header) -> {
              for (StoredTensor tensor : header.tensors()) {
                List<TensorSpec> specs =
                    layers.weights().containsKey(tensor.name())
                        ? layers.outputs(tensor.name())
                        : List.of(tensor.spec());
                specs.forEach(spec -> all.add(new Output(spec, file, tensor)));
              }
            });
    for (Output output : all) {
      if (!names.add(output.spec().name())) {
        throw new IllegalArgumentException(
            "two tensors would be called '%s'".formatted(output.spec().name()));
      }
    }
    all.sort(Comparator.comparingInt((Output output) -> output.spec().type().bytes()).reversed());
    return all;
  }
}
