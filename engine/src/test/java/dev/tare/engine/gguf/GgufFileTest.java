package dev.tare.engine.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class GgufFileTest {

  private static final String NAME = "a.in_sum2";

  /** A file of one text and one tensor [3, 2], byte by byte; each part can be another. */
  private final ByteBuffer bytes = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);

  private void text(String text) {
    bytes.putLong(text.length()).put(text.getBytes(StandardCharsets.UTF_8));
  }

  private void head(long tensors, long keys) {
    bytes.clear().put("GGUF".getBytes(StandardCharsets.UTF_8)).putInt(3);
    bytes.putLong(tensors).putLong(keys);
  }

  private void key(String key, String value) {
    text(key);
    bytes.putInt(8);
    text(value);
  }

  private void tensor(String name, int type, long offset, long... dims) {
    text(name);
    bytes.putInt(dims.length);
    for (long dim : dims) {
      bytes.putLong(dim);
    }
    bytes.putInt(type).putLong(offset);
  }

  private void data(int floats) {
    bytes.position((bytes.position() + 31) / 32 * 32);
    for (int i = 0; i < floats; i++) {
      bytes.putFloat(i);
    }
  }

  private void whole() {
    head(1, 1);
    key("general.type", "imatrix");
    tensor(NAME, 0, 0, 3, 2);
    data(6);
  }

  private GgufFile read() {
    return GgufFile.read(bytes.duplicate().flip(), "file.gguf");
  }

  @Test
  void textsAndTensorsAreRead() {
    whole();
    GgufFile file = read();
    assertThat(file.text("general.type")).hasValue("imatrix");
    assertThat(file.text("other")).isEmpty();
    assertThat(file.tensors()).containsOnlyKeys(NAME).containsEntry(NAME, List.of(3L, 2L));
    assertThat(file.floats(NAME)).containsExactly(0, 1, 2, 3, 4, 5);
  }

  private void refused(String message, Consumer<ByteBuffer> damage) {
    whole();
    damage.accept(bytes);
    assertRefused(message);
  }

  private void assertRefused(String message) {
    assertTimeoutPreemptively(
        Duration.ofSeconds(1),
        () ->
            assertThatThrownBy(this::read)
                .isInstanceOf(GgufException.class)
                .hasMessageStartingWith("file.gguf: ")
                .hasMessageContaining(message));
  }

  @Test
  void countsAndLengthsAreCheckedBeforeAnythingIsMade() {
    refused("it is no GGUF file", all -> all.put(0, (byte) 'g'));
    refused("its version is 1;", all -> all.putInt(4, 1));
    refused("its version is 50331648;", all -> all.putInt(4, 3 << 24));
    refused("the number of tensors is 18446744073709551615", all -> all.putLong(8, -1));
    refused("the number of tensors is 9223372036854775807", all -> all.putLong(8, Long.MAX_VALUE));
    refused("it is too short for 1000000 tensors", all -> all.putLong(8, 1_000_000));
    refused("the number of keys is 4294967296", all -> all.putLong(16, 1L << 32));
    refused("the length of a key is 9223372036854775808", all -> all.putLong(24, Long.MIN_VALUE));
    refused("it ends before the end of a key", all -> all.putLong(24, 60_000));
    refused("the type of 'general.type' is 99", all -> all.putInt(44, 99));
  }

  @Test
  void tensorsLieWhereTheyMust() {
    head(1, 0);
    tensor(NAME, 0, 0, 1L << 29, 1L << 29);
    assertRefused("has sizes");
    head(1, 0);
    tensor(NAME, 0, 0, 0);
    assertRefused("has sizes [0]");
    head(1, 0);
    tensor(NAME, 0, 0, 1, 1, 1, 1, 1);
    assertRefused("has 5 dimensions");
    head(1, 0);
    tensor(NAME, 1, 0, 6);
    data(6);
    assertRefused("is of type 1, not float32");
    head(1, 0);
    tensor(NAME, 0, 32, 6);
    data(30);
    assertRefused("is at 32, not at 0");
    head(2, 0);
    tensor(NAME, 0, 0, 6);
    tensor("b", 0, 0, 6);
    data(14);
    assertRefused("is at 0, not at 32");
    head(2, 0);
    tensor(NAME, 0, 0, 6);
    tensor(NAME, 0, 32, 6);
    data(14);
    assertRefused("is there twice");
    head(1, 0);
    tensor(NAME, 0, 0, 6);
    data(5);
    assertRefused("ends beyond the end of the file");
    head(1, 0);
    tensor(NAME, 0, 0, 6);
    data(9);
    assertRefused("4 bytes after the last tensor belong to none");
  }

  @Test
  void keysAreOfKnownTypesAndOfOneValue() {
    head(0, 2);
    key("a", "1");
    key("a", "2");
    assertRefused("the key 'a' is there twice");
    head(0, 1);
    text("general.alignment");
    bytes.putInt(4).putInt(3);
    assertRefused("not a power of two");
    head(0, 1);
    text("list");
    bytes.putInt(9).putInt(10).putLong(1L << 60);
    assertRefused("the length of list is 1152921504606846976");
    head(0, 1);
    text("list");
    bytes.putInt(9).putInt(9).putLong(0);
    assertRefused("the type of 'list' is 9");
  }

  /** Damaged files are read or refused, and nothing else. */
  @Test
  void noDamageEndsInAnotherException() {
    damage(new Random(18));
  }

  /** The same for 10 seconds; longer by -Dtare.fuzz.seconds=3600. */
  @Test
  @Tag("slow")
  void noDamageEndsInAnotherExceptionForLong() {
    long end = System.nanoTime() + Long.getLong("tare.fuzz.seconds", 10) * 1_000_000_000L;
    for (long seed = 19; System.nanoTime() < end; seed++) {
      damage(new Random(seed));
    }
  }

  private void damage(Random random) {
    for (int round = 0; round < 20_000; round++) {
      whole();
      for (int i = random.nextInt(4); i >= 0; i--) {
        bytes.put(random.nextInt(bytes.position()), (byte) random.nextInt(256));
      }
      bytes.position(random.nextInt(8) == 0 ? random.nextInt(bytes.position()) : bytes.position());
      try {
        GgufFile file = read();
        file.tensors().keySet().forEach(file::floats);
      } catch (GgufException e) {
        assertThat(e).hasMessageStartingWith("file.gguf: ");
      }
    }
  }
}
