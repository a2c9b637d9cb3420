package dev.tare.engine.safetensors;

import dev.tare.engine.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/** Reads the JSON of one header. Not thread-safe. */
final class HeaderParser {

  private static final int MOST_DIMENSIONS = 32;

  private final String file;
  private final long dataBegin;
  private final long fileBytes;
  private final TreeMap<String, String> metadata = new TreeMap<>();
  private final List<StoredTensor> tensors = new ArrayList<>();

  HeaderParser(String file, long dataBegin, long fileBytes) {
    this.file = file;
    this.dataBegin = dataBegin;
    this.fileBytes = fileBytes;
  }

  SafetensorsHeader parse(byte[] json) {
    HeaderJson.read(json, file, this::header);
    tensors.sort(Comparator.comparingLong(StoredTensor::begin).thenComparing(StoredTensor::end));
    requireFilled();
    return new SafetensorsHeader(metadata, tensors, dataBegin);
  }

  private void header(HeaderJson json) throws IOException {
    json.object(
        "the header",
        key -> {
          if (key.equals(HeaderText.METADATA)) {
            json.object(key, each -> metadata.put(each, json.text(key + "." + each)));
          } else {
            tensor(key, json);
          }
        });
  }

  private void tensor(String name, HeaderJson json) throws IOException {
    TensorNames.against(name)
        .ifPresent(
            reason -> {
              throw json.wrong("a tensor cannot be called '%s': %s".formatted(name, reason));
            });
    String of = " of tensor '" + name + "'";
    List<Long> shape = new ArrayList<>();
    List<Long> offsets = new ArrayList<>();
    List<String> type = new ArrayList<>();
    json.object(
        "the entry" + of,
        key -> {
          switch (key) {
            case HeaderText.TYPE -> type.add(json.text(key + of));
            case HeaderText.SHAPE -> sizes(key + of, json, shape, MOST_DIMENSIONS);
            case HeaderText.OFFSETS -> sizes(key + of, json, offsets, 2);
            default -> throw json.wrong("the unknown key '%s'%s".formatted(key, of));
          }
        });
    if (type.isEmpty() || offsets.size() != 2) {
      throw json.wrong("dtype or data_offsets%s is missing".formatted(of));
    }
    ElementType element =
        ElementType.named(type.get(0))
            .orElseThrow(() -> json.wrong("unsupported dtype '%s'%s".formatted(type.get(0), of)));
    place(json, spec(json, name, element, shape), offsets.get(0), offsets.get(1));
  }

  private static void sizes(String what, HeaderJson json, List<Long> sizes, int most)
      throws IOException {
    json.list(
        what,
        each -> {
          if (sizes.size() == most) {
            throw json.wrong("%s has more than %d numbers".formatted(each, most));
          }
          sizes.add(json.currentSize(each));
        });
  }

  private static TensorSpec spec(HeaderJson json, String name, ElementType type, List<Long> shape) {
    try {
      return new TensorSpec(name, type, new Shape(shape));
    } catch (ArithmeticException | IllegalArgumentException e) {
      throw json.wrong(
          "the shape %s of tensor '%s' has more elements than 63 bits can count"
              .formatted(shape, name));
    }
  }

  private void place(HeaderJson json, TensorSpec spec, long begin, long end) {
    if (begin > end || end > fileBytes - dataBegin) {
      throw json.wrong(
          "tensor '%s' is at bytes %d to %d of %d"
              .formatted(spec.name(), begin, end, fileBytes - dataBegin));
    }
    if (end - begin != spec.bytes()) {
      throw json.wrong(
          "tensor '%s' has %d bytes, but %s of shape %s has %d"
              .formatted(spec.name(), end - begin, spec.type(), spec.shape(), spec.bytes()));
    }
    tensors.add(new StoredTensor(spec, dataBegin + begin));
  }

  /** Bytes that belong to no tensor may be anything, and those of two are a trick. */
  private void requireFilled() {
    long end = dataBegin;
    String before = "the header";
    for (StoredTensor tensor : tensors) {
      if (tensor.begin() != end) {
        throw new SafetensorsException(
            file,
            "tensor '%s' begins %d bytes %s of %s"
                .formatted(
                    tensor.name(),
                    Math.abs(tensor.begin() - end),
                    tensor.begin() > end ? "after the end" : "before the end",
                    before));
      }
      end = tensor.end();
      before = "tensor '" + tensor.name() + "'";
    }
    if (end != fileBytes) {
      throw new SafetensorsException(
          file, "%d bytes after the last tensor belong to none".formatted(fileBytes - end));
    }
  }
}
