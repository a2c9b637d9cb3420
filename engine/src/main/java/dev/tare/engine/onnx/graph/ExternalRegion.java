package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.StringStringEntryProto;
import dev.tare.engine.onnx.proto.TensorProto;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * The location of a tensor's bytes in an external data file.
 *
 * <p>The path is untrusted, so it must stay inside the model's folder: it is relative, has no "..",
 * and means the same on every system.
 *
 * @param location path relative to the model's folder, with slashes
 * @param offset first byte, at least 0
 * @param length number of bytes, if the model states it
 * @see <a href="https://github.com/onnx/onnx/blob/main/docs/ExternalData.md">ONNX External Data</a>
 */
public record ExternalRegion(String location, long offset, OptionalLong length) {

  public static boolean isExternal(TensorProto tensor) {
    return tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL
        || tensor.getExternalDataCount() > 0;
  }

  /**
   * Reads the location from an external tensor; keys that are not in the standard are ignored.
   *
   * @param tensor as stored in the model's file, without loaded data
   * @param refusal creates the exception from the end of a sentence about the tensor
   */
  public static ExternalRegion of(
      TensorProto tensor, Function<String, ? extends RuntimeException> refusal) {
    // Runtimes disagree on which of two values counts.
    if (tensor.getDataLocation() != TensorProto.DataLocation.EXTERNAL) {
      throw refusal.apply("has external data but also says that its data is in the model");
    }
    if (!tensor.getRawData().isEmpty()) {
      throw refusal.apply("has data both in the model and elsewhere (external data)");
    }
    String location = "";
    long offset = 0;
    OptionalLong length = OptionalLong.empty();
    for (StringStringEntryProto entry : tensor.getExternalDataList()) {
      switch (entry.getKey()) {
        case "location" -> location = entry.getValue();
        case "offset" -> offset = number(entry, refusal);
        case "length" -> length = OptionalLong.of(number(entry, refusal));
        default -> {}
      }
    }
    if (!isSafe(location)) {
      throw refusal.apply(
          "stores its data in '%s' (external data), which is not a path inside the model's folder"
              .formatted(location));
    }
    return new ExternalRegion(location, offset, length);
  }

  private static long number(
      StringStringEntryProto entry, Function<String, ? extends RuntimeException> refusal) {
    // Digits only: no sign, and few enough to fit a long.
    if (!entry.getValue().matches("[0-9]{1,18}")) {
      throw refusal.apply(
          "has %s '%s' in its external data, which is not a number of bytes"
              .formatted(entry.getKey(), entry.getValue()));
    }
    return Long.parseLong(entry.getValue());
  }

  private static boolean isSafe(String location) {
    if (location.isEmpty()
        || location.startsWith("/")
        || location.endsWith("/")
        || location.contains("_ORT_MEM_ADDR_")
        || location.chars().anyMatch(c -> c == '\\' || c == ':' || c < ' ')) {
      return false;
    }
    for (String name : location.split("/", -1)) {
      if (name.isEmpty() || name.equals(".") || name.equals("..")) {
        return false;
      }
    }
    return true;
  }

  /** Writes the location into a tensor, in the standard's order of keys. */
  public void mark(TensorProto.Builder tensor) {
    tensor.clearExternalData().setDataLocation(TensorProto.DataLocation.EXTERNAL);
    tensor.addExternalData(entry("location", location));
    tensor.addExternalData(entry("offset", Long.toString(offset)));
    length.ifPresent(bytes -> tensor.addExternalData(entry("length", Long.toString(bytes))));
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
