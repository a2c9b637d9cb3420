package dev.tare.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SampleTest {

  private static final Sample SAMPLE =
      Sample.of(
          Map.of(
              "x", Tensor.ofFloats(Shape.of(2, 1), 1, -2),
              "id\u00e9", Tensor.ofLongs(Shape.SCALAR, 258)));

  /** Written by hand from the format's table. */
  private static final String BYTES =
      "01" // version
          + "02000000" // two inputs
          + "04000000" // four bytes of name
          + "6964c3a9"
          + "07000000" // INT64
          + "00000000" // scalar
          + "0201000000000000"
          + "01000000"
          + "78"
          + "01000000" // FLOAT32
          + "02000000" // rank 2
          + "0200000000000000"
          + "0100000000000000"
          + "0000803f"
          + "000000c0";

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  @Test
  void encodingIsTheDocumentedOne() {
    assertThat(HexFormat.of().formatHex(SAMPLE.encode())).isEqualTo(BYTES);
    assertThat(Sample.decode(bytes(BYTES))).isEqualTo(SAMPLE);
  }

  @Test
  void hashIsOfTheEncoding() {
    assertThat(HexFormat.of().formatHex(Sample.hash(new byte[0])))
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assertThat(Sample.hash(SAMPLE.encode())).isNotEqualTo(Sample.hash(bytes(BYTES + "00")));
  }

  @Test
  void everyTypeAndShapeSurvives() {
    Random random = new Random(6);
    for (DType type : DType.values()) {
      for (Shape shape : new Shape[] {Shape.SCALAR, Shape.of(0), Shape.of(3), Shape.of(2, 0, 5)}) {
        byte[] values = new byte[(int) type.byteSize(shape.size())];
        random.nextBytes(values);
        Sample sample = Sample.of(Map.of("x", Tensor.of(type, shape, ByteBuffer.wrap(values))));
        assertThat(Sample.decode(sample.encode())).isEqualTo(sample);
      }
    }
    Sample none = Sample.of(Map.of());
    assertThat(Sample.decode(none.encode())).isEqualTo(none);
  }

  @Test
  void shapeKeyTellsTypesAndShapesApart() {
    assertThat(SAMPLE.shapeKey()).isEqualTo("id\u00e9:INT64[] x:FLOAT32[2, 1] ");
  }

  @Test
  void truncatedBytesAreRefusedWhereverTheyEnd() {
    byte[] whole = bytes(BYTES);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Sample.decode(cut))
          .as("%d bytes", length)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("Cannot decode a sample: ");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "02, Cannot decode a sample of version 2",
    "01ffffffff, Cannot decode a sample: number of inputs -1",
    "01ffffff7f, Cannot decode a sample: number of inputs 2147483647",
    "0100000000ff, Cannot decode a sample: 1 bytes left over",
    "0101000000ffffffff, Cannot decode a sample: name length -1",
    "0101000000ffffff7f, Cannot decode a sample: name length 2147483647",
    "0101000000010000007899000000, Unsupported ONNX element type: 153",
    "0101000000010000007801000000ffffffff, Cannot decode a sample: rank -1",
    "010100000001000000780100000041000000, Cannot decode a sample: rank 65",
    "010100000001000000780100000001000000ffffffffffffffff, Invalid shape [-1]: negative size",
    "010100000001000000780100000001000000ffffffffffffff7f,"
        + " Cannot decode a sample: truncated or too large",
    "010100000001000000780100000001000000000000200000000000,"
        + " Cannot decode a sample: truncated or too large",
    "010100000001000000780100000001000000ffff000000000000,"
        + " Cannot decode a sample: tensor length 262140",
  })
  void hostileBytesAreRefused(String hex, String message) {
    assertThatThrownBy(() -> Sample.decode(bytes(hex)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void inputsOutOfOrderOrTwiceAreRefused() {
    String a = "01000000" + "61" + "02000000" + "00000000" + "07";
    String b = "01000000" + "62" + "02000000" + "00000000" + "07";
    assertThat(Sample.decode(bytes("0102000000" + a + b)).inputs()).containsOnlyKeys("a", "b");
    assertThatThrownBy(() -> Sample.decode(bytes("0102000000" + b + a)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot decode a sample: input 'a' after 'b'");
    assertThatThrownBy(() -> Sample.decode(bytes("0102000000" + a + a)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot decode a sample: input 'a' after 'a'");
  }

  @Test
  void damagedBytesNeverFailInAnotherWay() {
    Random random = new Random(8);
    for (int i = 0; i < 20_000; i++) {
      byte[] damaged = bytes(BYTES);
      for (int n = random.nextInt(3); n >= 0; n--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      }
      try {
        Sample.decode(damaged);
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageMatching("(?s)(Cannot decode|Invalid|Unsupported).*");
      }
    }
  }
}
