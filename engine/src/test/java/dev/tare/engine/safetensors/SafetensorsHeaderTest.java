package dev.tare.engine.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.tensor.Shape;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsHeaderTest {

  private static final ThreadMXBean PROCESSOR = ManagementFactory.getThreadMXBean();

  private static final String A = "'a':{'dtype':'F32','shape':[2,3],'data_offsets':[0,24]}";
  private static final String B = "'b':{'dtype':'I8','shape':[5],'data_offsets':[24,29]}";

  /** A header and as many bytes after it as wanted, all in one text with single quotes. */
  static SafetensorsHeader read(String json, long dataBytes) {
    return read(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), dataBytes);
  }

  private static SafetensorsHeader read(byte[] json, long dataBytes) {
    return SafetensorsHeader.read(
        prefix(json.length), n -> Arrays.copyOf(json, n), 8 + json.length + dataBytes, "f");
  }

  private static byte[] prefix(long length) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
  }

  @Test
  void tensorsAreInTheOrderOfTheirBytes() {
    String json = "{'__metadata__':{'format':'pt'}," + B + "," + A + "}   ";
    SafetensorsHeader header = read(json, 29);
    long begin = 8L + json.length();
    assertThat(header.metadata()).containsExactly(Map.entry("format", "pt"));
    assertThat(header.tensors())
        .containsExactly(
            new StoredTensor(new TensorSpec("a", ElementType.F32, Shape.of(2, 3)), begin),
            new StoredTensor(new TensorSpec("b", ElementType.I8, Shape.of(5)), begin + 24));
    assertThat(header.dataBytes()).isEqualTo(29);
  }

  @Test
  void scalarsEmptyTensorsAndEmptyFilesAreFine() {
    assertThat(read("{}", 0).tensors()).isEmpty();
    SafetensorsHeader header =
        read(
            "{'s':{'dtype':'F64','shape':[],'data_offsets':[0,8]},"
                + "'e':{'dtype':'BF16','shape':[0,7],'data_offsets':[8,8]},"
                + "'model/ç.weight':{'dtype':'F8_E4M3','shape':[1],'data_offsets':[8,9]}}",
            9);
    assertThat(header.tensors()).extracting(StoredTensor::name).endsWith("model/ç.weight");
  }

  @Test
  void whatIsWrittenIsReadAndPadded() {
    List<TensorSpec> specs =
        Arrays.stream(ElementType.values())
            .map(type -> new TensorSpec("t." + type, type, Shape.of(3, 5)))
            .toList();
    SafetensorsHeader laidOut =
        SafetensorsHeader.layOut(new TreeMap<>(Map.of("format", "pt", "é\"", "\n")), specs);
    byte[] encoded = laidOut.encode();
    assertThat(encoded.length % 8).isZero();
    assertThat(
            SafetensorsHeader.read(
                Arrays.copyOf(encoded, 8),
                n -> Arrays.copyOfRange(encoded, 8, 8 + n),
                laidOut.fileBytes(),
                "f"))
        .isEqualTo(laidOut);
  }

  @Test
  void bytesOfAHeaderAreThese() {
    SafetensorsHeader header =
        SafetensorsHeader.layOut(
            new TreeMap<>(Map.of("format", "pt")),
            List.of(new TensorSpec("a", ElementType.BF16, Shape.of(2))));
    byte[] bytes = header.encode();
    assertThat(new String(bytes, 8, bytes.length - 8, StandardCharsets.UTF_8))
        .isEqualTo(
            "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}}  ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'a':{'dtype':'F32','shape':[2,3],'data_offsets':[0,25]}} | 25 | has 25 bytes, but F32 of shape [2, 3] has 24",
        "{'a':{'dtype':'F32','shape':[2,3],'data_offsets':[0,24]}} | 23 | is at bytes 0 to 24 of 23",
        "{'a':{'dtype':'F32','shape':[2,3],'data_offsets':[24,0]}} | 24 | is at bytes 24 to 0 of 24",
        "{'a':{'dtype':'F32','shape':[-2,3],'data_offsets':[0,24]}} | 24 | negative: -2",
        "{'a':{'dtype':'F32','shape':[2,3],'data_offsets':[-1,24]}} | 24 | negative: -1",
        "{'a':{'dtype':'F32','shape':[2.5],'data_offsets':[0,10]}} | 10 | not a whole number",
        "{'a':{'dtype':'F32','shape':[9223372036854775808],'data_offsets':[0,8]}} | 8 | does not fit 63 bits",
        "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}} | 0 | more elements than 63 bits",
        "{'a':{'dtype':'F64','shape':[2305843009213693952],'data_offsets':[0,0]}} | 0 | more elements than 63 bits",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | 9 | 5 bytes after the last tensor belong to none",
        "{} | 1 | 1 bytes after the last tensor",
        "{'a':{'dtype':'I8','shape':[1],'data_offsets':[1,2]}} | 2 | tensor 'a' begins 1 bytes after the end of the header",
        "{'a':{'dtype':'I8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'I8','shape':[4],'data_offsets':[3,7]}} | 7 | tensor 'b' begins 1 bytes before the end of tensor 'a'",
        "{'a':{'dtype':'I8','shape':[4],'data_offsets':[0,4]},'b':{'dtype':'I8','shape':[4],'data_offsets':[0,4]}} | 4 | before the end of tensor 'a'",
        "{'a':{'dtype':'I8','shape':[1],'data_offsets':[0,1]},'a':{'dtype':'I8','shape':[1],'data_offsets':[1,2]}} | 2 | Duplicate field 'a'",
        "{'a':{'dtype':'I8','dtype':'U8','shape':[1],'data_offsets':[0,1]}} | 1 | Duplicate field 'dtype'",
        "{'a':{'dtype':'F4','shape':[2],'data_offsets':[0,1]}} | 1 | unsupported dtype 'F4'",
        "{'a':{'dtype':'f32','shape':[1],'data_offsets':[0,4]}} | 4 | unsupported dtype 'f32'",
        "{'a':{'dtype':'I8','shape':[1],'data_offsets':[0,1],'x':0}} | 1 | unknown key 'x'",
        "{'a':{'dtype':'I8','shape':[1]}} | 0 | data_offsets of tensor 'a' is missing",
        "{'a':{'dtype':'I8','shape':[1],'data_offsets':[0]}} | 0 | is missing",
        "{'a':{'dtype':'I8','shape':[1],'data_offsets':[0,1,2]}} | 1 | more than 2 numbers",
        "{'a':[]} | 0 | the entry of tensor 'a' is not an object",
        "[] | 0 | the header is not an object",
        "{} {} | 0 | something after",
        "{'__metadata__':{'format':1}} | 0 | __metadata__.format is not a text",
        "{'__metadata__':{},'__metadata__':{}} | 0 | Duplicate field",
        "{'../../etc/passwd':{'dtype':'I8','shape':[1],'data_offsets':[0,1]}} | 1 | it is a path",
        "{'/a':{'dtype':'I8','shape':[1],'data_offsets':[0,1]}} | 1 | it is a path",
        "{'C:a':{'dtype':'I8','shape':[1],'data_offsets':[0,1]}} | 1 | it is a path",
        "{'a\\\\b':{'dtype':'I8','shape':[1],'data_offsets':[0,1]}} | 1 | it is a path",
        "{'a\\u001b[31m':{'dtype':'I8','shape':[1],'data_offsets':[0,1]}} | 1 | control characters",
        "{'':{'dtype':'I8','shape':[1],'data_offsets':[0,1]}} | 1 | it is empty",
        "{'a':NaN} | 0 | not valid",
        "{'a' | 0 | not valid",
      })
  void refuses(String json, long dataBytes, String message) {
    assertThatThrownBy(() -> read(json, dataBytes))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageStartingWith("f: ")
        .hasMessageContaining(message);
  }

  @Test
  void refusesLengthsThatTheFileDoesNotHave() {
    for (long length : new long[] {Long.MIN_VALUE, -1, 0, 1, 93, Long.MAX_VALUE}) {
      assertThatThrownBy(
              () -> SafetensorsHeader.read(prefix(length), SafetensorsHeaderTest::none, 100, "f"))
          .hasMessageContaining("announce a header of " + Long.toUnsignedString(length) + " bytes");
    }
    assertThatThrownBy(
            () -> SafetensorsHeader.read(new byte[3], SafetensorsHeaderTest::none, 3, "f"))
        .hasMessage("f: it has fewer than 8 bytes");
    assertThatThrownBy(
            () ->
                SafetensorsHeader.read(
                    prefix(1L << 26), SafetensorsHeaderTest::none, 1L << 40, "f"))
        .hasMessage("f: its header has 67108864 bytes, more than 33554432");
  }

  private static byte[] none(int bytes) {
    throw new AssertionError("read " + bytes + " bytes");
  }

  @Test
  void refusesTextThatIsNotUtf8() {
    assertThatThrownBy(() -> read(new byte[] {'{', (byte) 0xff, '}'}, 0))
        .hasMessage("f: its JSON is not valid UTF-8");
    byte[] wide = "{}".getBytes(StandardCharsets.UTF_16);
    assertThatThrownBy(() -> read(wide, 0)).isInstanceOf(SafetensorsException.class);
  }

  @Test
  void refusesBombsSoon() {
    String deep = "{'a':" + "[".repeat(10_000_000);
    String digits = "{'a':{'dtype':'I8','shape':[" + "1".repeat(10_000_000);
    String name = "{'" + "n".repeat(10_000_000);
    String names = "{'" + "n".repeat(2000) + "':{'dtype':'I8'}}";
    String many = "{'a':{'dtype':'I8','shape':[" + "1,".repeat(5_000_000) + "1]}}";
    for (String bomb : List.of(deep, digits, name, names, many)) {
      long begin = PROCESSOR.getCurrentThreadCpuTime();
      assertThatThrownBy(() -> read(bomb, 0))
          .isInstanceOf(SafetensorsException.class)
          .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
      // Of processor time: a busy machine takes longer by the clock.
      assertThat(PROCESSOR.getCurrentThreadCpuTime() - begin).isLessThan(1_000_000_000L);
    }
  }

  /** Whatever version of Jackson a cluster has. */
  @Test
  void namesAreAtMostFiftyThousandCharacters() {
    assertThat(tensorNamed("n".repeat(50_000))).contains("a tensor cannot be called");
    assertThat(tensorNamed("n".repeat(50_001))).contains("50001", "50000");
  }

  private static String tensorNamed(String name) {
    return assertThatThrownBy(() -> read("{'" + name + "':{'dtype':'I8'}}", 0))
        .isInstanceOf(SafetensorsException.class)
        .actual()
        .getMessage();
  }

  /** Whatever is changed in a header, it is read, or refused in this way alone. */
  @Test
  void mutatedHeadersAreReadOrRefused() {
    assertThat(refusedOf(20_000, 11)).isGreaterThan(10_000);
  }

  /**
   * The same for 20 seconds. Longer by {@code mvn test -pl engine -Dtest=SafetensorsHeaderTest
   * -Dtare.fuzz.seconds=3600}.
   */
  @Test
  @Tag("slow")
  void mutatedHeadersAreReadOrRefusedForLong() {
    long end = System.nanoTime() + Long.getLong("tare.fuzz.seconds", 20) * 1_000_000_000L;
    for (long seed = 12; System.nanoTime() < end; seed++) {
      assertThat(refusedOf(20_000, seed)).as("seed %d", seed).isGreaterThan(10_000);
    }
  }

  private static int refusedOf(int rounds, long seed) {
    byte[] json =
        ("{\"__metadata__\":{\"format\":\"pt\"}," + A + "," + B + "}")
            .replace('\'', '"')
            .getBytes(StandardCharsets.UTF_8);
    Random random = new Random(seed);
    int refused = 0;
    for (int round = 0; round < rounds; round++) {
      byte[] mutant = json.clone();
      for (int change = random.nextInt(3); change >= 0; change--) {
        mutant[random.nextInt(mutant.length)] =
            random.nextBoolean() ? json[random.nextInt(json.length)] : (byte) random.nextInt();
      }
      String shown = new String(mutant, StandardCharsets.ISO_8859_1);
      try {
        assertThat(read(mutant, 29).dataBytes()).as(shown).isEqualTo(29);
      } catch (SafetensorsException e) {
        refused++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + ": " + shown, e);
      }
    }
    return refused;
  }
}
