package dev.tare.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SampleTypesTest {

  /** Never to be edited: each number is part of the identity of samples of recorded runs. */
  @ParameterizedTest
  @CsvSource({
    "FLOAT32, 1",
    "UINT8, 2",
    "INT8, 3",
    "UINT16, 4",
    "INT16, 5",
    "INT32, 6",
    "INT64, 7",
    "BOOL, 9",
    "FLOAT16, 10",
    "FLOAT64, 11",
    "UINT32, 12",
    "UINT64, 13",
    "BFLOAT16, 16",
    "FLOAT8E4M3FN, 17",
    "FLOAT8E4M3FNUZ, 18",
    "FLOAT8E5M2, 19",
    "FLOAT8E5M2FNUZ, 20",
    "UINT4, 21",
    "INT4, 22"
  })
  void everyTypeHasItsNumberForever(DType type, int code) {
    assertThat(SampleTypes.code(type)).isEqualTo(code);
    assertThat(SampleTypes.of(code)).isEqualTo(type);
    Tensor scalar =
        Tensor.of(type, Shape.SCALAR, ByteBuffer.allocate(Math.toIntExact(type.byteSize(1))));
    byte[] encoded = Sample.of(Map.of("x", scalar)).encode();
    // Behind version, number of inputs, length of the name and the name.
    assertThat(Arrays.copyOfRange(encoded, 10, 14)).containsExactly(code, 0, 0, 0);
  }

  @Test
  void noTypeIsWithoutANumber() {
    assertThat(DType.values()).extracting(SampleTypes::code).doesNotHaveDuplicates();
  }
}
