package dev.tare.engine.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One file of the result, as its writer needs it.
 *
 * @param file its name
 * @param tensors what it is made of, in the order in which they are written
 */
public record PlannedShard(String file, List<PlannedTensor> tensors) {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Map<String, String> METADATA = Map.of("format", "pt");

  public PlannedShard {
    tensors = List.copyOf(tensors);
  }

  /** A shard of these tensors, those whose bytes keep the following ones aligned first. */
  static PlannedShard of(String file, List<PlannedTensor> tensors) {
    return new PlannedShard(
        file,
        tensors.stream()
            .sorted(Comparator.comparingInt(PlannedTensor::alignment).reversed())
            .toList());
  }

  /** The header of the file, which follows from shapes. */
  public SafetensorsHeader header() {
    return SafetensorsHeader.layOut(
        new TreeMap<>(METADATA),
        tensors.stream().flatMap(tensor -> tensor.outputs().stream()).toList());
  }

  /** As text, for the task that writes it: each scheme once, and tensors by its number. */
  public String toJson() {
    ObjectNode root = MAPPER.createObjectNode().put("file", file);
    List<WeightScheme> schemes =
        tensors.stream().flatMap(tensor -> tensor.scheme().stream()).distinct().toList();
    ArrayNode written = root.putArray("schemes");
    schemes.forEach(scheme -> SchemeJson.write(scheme, written.addObject()));
    ArrayNode all = root.putArray("tensors");
    for (PlannedTensor tensor : tensors) {
      TensorSpec spec = tensor.source().spec();
      ObjectNode node =
          all.addObject()
              .put("file", tensor.file())
              .put("name", spec.name())
              .put("type", spec.type().name())
              .put("begin", tensor.source().begin());
      tensor.scheme().ifPresent(scheme -> node.put("scheme", schemes.indexOf(scheme)));
      spec.shape().dims().forEach(node.putArray("shape")::add);
    }
    return root.toString();
  }

  /** Reads what {@link #toJson} wrote. */
  public static PlannedShard parse(String json) {
    try {
      JsonNode root = MAPPER.readTree(json);
      List<WeightScheme> schemes = new ArrayList<>();
      root.get("schemes").forEach(node -> schemes.add(SchemeJson.read(node)));
      List<PlannedTensor> tensors = new ArrayList<>();
      for (JsonNode node : root.get("tensors")) {
        List<Long> shape = new ArrayList<>();
        node.get("shape").forEach(dim -> shape.add(dim.longValue()));
        TensorSpec spec =
            new TensorSpec(
                node.get("name").textValue(),
                ElementType.valueOf(node.get("type").textValue()),
                new Shape(shape));
        tensors.add(
            new PlannedTensor(
                node.get("file").textValue(),
                new StoredTensor(spec, node.get("begin").longValue()),
                node.has("scheme")
                    ? Optional.of(schemes.get(node.get("scheme").intValue()))
                    : Optional.empty()));
      }
      return new PlannedShard(root.get("file").textValue(), tensors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
