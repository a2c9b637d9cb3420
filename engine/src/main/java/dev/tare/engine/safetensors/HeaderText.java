package dev.tare.engine.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** The JSON of a header, without spaces. */
final class HeaderText {

  static final String METADATA = "__metadata__";
  static final String TYPE = "dtype";
  static final String SHAPE = "shape";
  static final String OFFSETS = "data_offsets";

  private static final JsonFactory JSON = new JsonFactory();

  private HeaderText() {}

  static String of(SortedMap<String, String> metadata, List<StoredTensor> tensors, long begin) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      for (StoredTensor tensor : tensors) {
        write(json, tensor, begin);
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, StoredTensor tensor, long begin)
      throws IOException {
    json.writeObjectFieldStart(tensor.name());
    json.writeStringField(TYPE, tensor.spec().type().name());
    json.writeFieldName(SHAPE);
    long[] shape = tensor.spec().shape().toArray();
    json.writeArray(shape, 0, shape.length);
    json.writeFieldName(OFFSETS);
    json.writeArray(new long[] {tensor.begin() - begin, tensor.end() - begin}, 0, 2);
    json.writeEndObject();
  }
}
