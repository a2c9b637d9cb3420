package dev.tare.engine.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which file of a sharded checkpoint a tensor is in: {@code model.safetensors.index.json}, with a
 * {@code weight_map} and the bytes of all tensors as {@code metadata.total_size}.
 *
 * @param files names of files in the same folder, by name of the tensor
 */
public record ShardIndex(SortedMap<String, String> files) {

  /** Name of the file. */
  public static final String FILE = "model.safetensors.index.json";

  /** The longest index that is read. */
  public static final int MOST_BYTES = 64 << 20;

  private static final String MAP = "weight_map";

  public ShardIndex {
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
  }

  /**
   * Reads an index; what it says besides the map is not used.
   *
   * @param file its name in errors
   * @throws SafetensorsException if it is not JSON, has no map or names a tensor twice, or a file
   *     is not one of its folder
   */
  public static ShardIndex parse(byte[] text, String file) {
    SortedMap<String, String> files = new TreeMap<>();
    HeaderJson.read(
        text,
        file,
        json ->
            json.object(
                "the index",
                key -> {
                  if (key.equals(MAP)) {
                    json.object(key, tensor -> files.put(tensor, shard(tensor, json)));
                  } else {
                    json.skip();
                  }
                }));
    if (files.isEmpty()) {
      throw new SafetensorsException(file, "it has no tensors in its weight_map");
    }
    return new ShardIndex(files);
  }

  private static String shard(String tensor, HeaderJson json) throws IOException {
    String name = json.text("the file of tensor '" + tensor + "'");
    if (!TensorNames.isFile(name)) {
      throw json.wrong(
          "tensor '%s' is said to be in '%s', which is not the name of a safetensors file in the same folder"
              .formatted(tensor, name));
    }
    return name;
  }

  /**
   * Formats the index as Hugging Face's libraries do.
   *
   * @param totalBytes bytes of all tensors
   */
  public String format(long totalBytes) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.setPrettyPrinter(
          new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n")));
      json.writeStartObject();
      json.writeObjectFieldStart("metadata");
      json.writeNumberField("total_size", totalBytes);
      json.writeEndObject();
      json.writeObjectFieldStart(MAP);
      for (Map.Entry<String, String> entry : files.entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      json.writeEndObject();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.append('\n').toString();
  }
}
