package dev.tare.engine.checkpoint;

import static dev.tare.engine.checkpoint.WeightScheme.Inputs.FLOAT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.safetensors.SafetensorsHeader;
import dev.tare.engine.safetensors.StoredTensor;
import dev.tare.engine.safetensors.TensorSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The bytes of compressed-tensors itself, which {@code compressed_tensors_golden.py} stored: from a
 * weight in F32 they are ours.
 */
class LibraryBytesTest {

  private static final TreeMap<String, byte[]> STORED = new TreeMap<>();
  private static TensorSpec weight;

  @BeforeAll
  static void read() throws IOException {
    byte[] file;
    try (InputStream in = LibraryBytesTest.class.getResourceAsStream("golden.safetensors")) {
      file = in.readAllBytes();
    }
    SafetensorsHeader header =
        SafetensorsHeader.read(
            Arrays.copyOf(file, 8), n -> Arrays.copyOfRange(file, 8, 8 + n), file.length, "golden");
    for (StoredTensor tensor : header.tensors()) {
      STORED.put(tensor.name(), Arrays.copyOfRange(file, (int) tensor.begin(), (int) tensor.end()));
      if (tensor.name().equals("weight")) {
        weight = tensor.spec();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "w4-g32, INT4, true, 32, FLOAT",
    "w4-g128-asym, INT4, false, 128, FLOAT",
    "w4, INT4, true, 0, FLOAT",
    "w8, INT8, true, 0, FLOAT",
    "w8-g64-asym, INT8, false, 64, FLOAT",
    "w8-int, INT8, true, 0, DYNAMIC_TOKEN",
    "fp8, FLOAT8E4M3FN, true, 0, DYNAMIC_TOKEN",
    "mxfp4, MXFP4, true, 32, FLOAT",
    "nvfp4, NVFP4, true, 16, FLOAT",
  })
  void codesScalesAndZeroPointsAreTheLibrarys(
      String kind, WeightType type, boolean symmetric, int group, WeightScheme.Inputs inputs) {
    WeightScheme scheme =
        new WeightScheme(
            type,
            symmetric,
            group == 0 ? OptionalInt.empty() : OptionalInt.of(group),
            OptionalInt.empty(),
            inputs);
    assertLibrarys(kind, scheme);
  }

  @Test
  void blocksAreTheLibrarys() {
    assertLibrarys(
        "fp8-b16x32",
        new WeightScheme(
            WeightType.FLOAT8E4M3FN,
            true,
            OptionalInt.of(32),
            16,
            OptionalInt.empty(),
            WeightScheme.Inputs.DYNAMIC_GROUP));
  }

  private static void assertLibrarys(String kind, WeightScheme scheme) {
    int rows = (int) weight.shape().dim(0);
    int columns = (int) weight.shape().dim(1);
    byte[] codes = new byte[(int) WeightEncoder.rowBytes(scheme, columns) * rows];
    LargestMagnitude largest = new LargestMagnitude(weight.type());
    largest.add(STORED.get("weight"), STORED.get("weight").length);
    WeightEncoder encoder = new WeightEncoder(scheme, weight, largest.value());
    encoder.encode(STORED.get("weight"), rows, new float[rows * columns], ByteBuffer.wrap(codes));
    assertThat(codes)
        .isEqualTo(STORED.get(kind + (scheme.inputs() == FLOAT ? ".weight_packed" : ".weight")));
    assertThat(encoder.scales()).isEqualTo(STORED.get(kind + ".weight_scale"));
    if (scheme.hasTensorScale()) {
      assertThat(encoder.tensorScale()).isEqualTo(STORED.get(kind + ".weight_global_scale"));
    }
    if (!scheme.symmetric()) {
      assertThat(encoder.zeroPoints()).isEqualTo(STORED.get(kind + ".weight_zero_point"));
    }
  }
}
