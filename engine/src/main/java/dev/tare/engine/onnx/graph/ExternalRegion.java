package dev.tare.engine.onnx.graph;

import dev.tare.engine.onnx.proto.StringStringEntryProto;
import dev.tare.engine.onnx.proto.TensorProto;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * Where a tensor's bytes are, when they are in a file beside the model.
 *
 * <p>A name comes from whoever made the model, so it may lead nowhere but into the model's folder:
 * it is relative, goes nowhere up, and means the same on every system.
 *
 * @param location path relative to the model's folder, with slashes
 * @param offset first byte, at least 0
 * @param length number of bytes, where the model says it
 * @see <a href="https://github.com/onnx/onnx/blob/main/docs/ExternalData.md">ONNX External Data</a>
 */
public record ExternalRegion(String location, long offset, OptionalLong length) {

  public static boolean isExternal(TensorProto tensor) {
    return tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL
        || tensor.getExternalDataCount() > 0;
  }

  /**
   * What an external tensor says; keys that are not of the standard are passed over.
   *
   * @param tensor as a model's file has it: nothing attached yet
   * @param refusal makes the exception for a fault, which ends a sentence about the tensor
   */
  public static ExternalRegion of(
      TensorProto tensor, Function<String, ? extends RuntimeException> refusal) {
    // Runtimes disagree about which of two places counts.
    if (tensor.getDataLocation() != TensorProto.DataLocation.EXTERNAL) {
      throw refusal.apply("names external data and says that its data is in the model");
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
          "keeps its data in '%s' (external data), which is no path inside the model's folder"
              .formatted(location));
    }
    return new ExternalRegion(location, offset, length);
  }

  private static long number(
      StringStringEntryProto entry, Function<String, ? extends RuntimeException> refusal) {
    // Digits alone: no sign, and no more of them than a long holds for certain.
    if (!entry.getValue().matches("[0-9]{1,18}")) {
      throw refusal.apply(
          "has %s '%s' in its external data, which is no number of bytes"
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

  /** Writes the place into a tensor, in the standard's order of keys. */
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
