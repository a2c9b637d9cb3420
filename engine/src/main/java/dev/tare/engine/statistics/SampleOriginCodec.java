package dev.tare.engine.statistics;

import dev.tare.engine.tensor.SampleOrigin;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalLong;

/** The samples of extremes as {@link StatisticsBlockCodec} lays them out. */
final class SampleOriginCodec {

  private static final int HASH_BYTES = 32;
  private static final int MAX_FILE_BYTES = 1 << 16;
  private static final byte MIN = 1;
  private static final byte MAX = 2;
  private static final byte NO_PLACE = 0;
  private static final byte FILE = 1;
  private static final byte FILE_AND_ROW = 2;

  private SampleOriginCodec() {}

  static void encode(Statistics row, boolean places, VarintWriter out) {
    int known = (row.minSample().isPresent() ? MIN : 0) + (row.maxSample().isPresent() ? MAX : 0);
    out.octet((byte) known);
    row.minSample().ifPresent(origin -> encode(origin, places, out));
    row.maxSample().ifPresent(origin -> encode(origin, places, out));
  }

  private static void encode(SampleOrigin origin, boolean places, VarintWriter out) {
    out.bytes(HexFormat.of().parseHex(origin.sha256()));
    if (!places || origin.file().isEmpty()) {
      out.octet(NO_PLACE);
      return;
    }
    byte[] file = origin.file().get().getBytes(StandardCharsets.UTF_8);
    out.octet(origin.row().isPresent() ? FILE_AND_ROW : FILE);
    out.varint(file.length);
    out.bytes(file);
    origin.row().ifPresent(out::varint);
  }

  static Statistics decode(Statistics row, VarintReader in) {
    byte known = in.octet("known samples");
    if (known < MIN || known > MIN + MAX) {
      throw VarintReader.invalid("known samples " + known);
    }
    Optional<SampleOrigin> low = (known & MIN) == 0 ? Optional.empty() : Optional.of(decode(in));
    Optional<SampleOrigin> high = (known & MAX) == 0 ? Optional.empty() : Optional.of(decode(in));
    return row.heldBy(low, high);
  }

  private static SampleOrigin decode(VarintReader in) {
    SampleOrigin origin = SampleOrigin.of(in.bytes(HASH_BYTES, "hash of a sample"));
    byte place = in.octet("place of a sample");
    return switch (place) {
      case NO_PLACE -> origin;
      case FILE -> origin.at(file(in), OptionalLong.empty());
      case FILE_AND_ROW -> origin.at(file(in), OptionalLong.of(in.varint("row of a sample")));
      default -> throw VarintReader.invalid("place of a sample " + place);
    };
  }

  private static String file(VarintReader in) {
    byte[] utf8 = in.bytes(in.varint(MAX_FILE_BYTES, "length of a file's name"), "file's name");
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("Cannot decode statistics: file is not UTF-8", e);
    }
  }
}
