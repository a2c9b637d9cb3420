package dev.tare.jobs.image;

import static dev.tare.jobs.image.ImageFiles.chunk;
import static dev.tare.jobs.image.ImageFiles.png;
import static dev.tare.jobs.image.ImageFiles.rows;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.assertj.core.api.AbstractIntArrayAssert;
import org.junit.jupiter.api.Test;

class ImageDecoderTest {

  private static final int LIMIT = 1000;

  private static AbstractIntArrayAssert<?> decoded(byte[] file) throws ImageException {
    Pixels pixels = ImageDecoder.decode(file, LIMIT);
    int[] values = new int[pixels.values.length];
    Arrays.setAll(values, i -> pixels.values[i] & 0xFF);
    return assertThat(values);
  }

  private static void refused(byte[] file, ImageException.Kind kind, String message) {
    assertThatThrownBy(() -> ImageDecoder.decode(file, LIMIT))
        .isInstanceOfSatisfying(ImageException.class, e -> assertThat(e.kind()).isEqualTo(kind))
        .hasMessageContaining(message);
  }

  @Test
  void everyKindOfPngGivesItsValues() throws ImageException {
    decoded(ImageFiles.rgb(2, 1, 1, 2, 3, 250, 251, 252)).containsExactly(1, 2, 3, 250, 251, 252);
    decoded(ImageFiles.gray(3, 1, 0, 100, 255)).containsExactly(0, 100, 255);
    byte[] palette = chunk("PLTE", 9, 8, 7, 60, 50, 40);
    decoded(png(2, 1, 8, ImageFiles.PALETTE, rows(2, 1, 0), palette))
        .containsExactly(60, 50, 40, 9, 8, 7);
    // Gray of two bits: 0, 1, 2, 3 are 0, 85, 170, 255.
    decoded(png(4, 1, 2, ImageFiles.GRAY, rows(1, 0b00_01_10_11)))
        .containsExactly(0, 0, 0, 85, 85, 85, 170, 170, 170, 255, 255, 255);
    // 16 bits: 0x0080 is half a step of 257 and rounds down, 0x0081 up.
    decoded(png(3, 1, 16, ImageFiles.GRAY, rows(6, 0, 0x80, 0, 0x81, 0xFF, 0xFF)))
        .containsExactly(0, 1, 255);
  }

  @Test
  void transparencyIsLaidOnWhite() throws ImageException {
    decoded(png(3, 1, 8, ImageFiles.GRAY_ALPHA, rows(6, 10, 255, 10, 0, 0, 128)))
        .containsExactly(10, 255, 127);
    decoded(png(1, 1, 8, ImageFiles.RGB_ALPHA, rows(4, 0, 100, 200, 51)))
        .containsExactly(204, 224, 244);
    byte[] palette = chunk("PLTE", 9, 8, 7, 60, 50, 40);
    decoded(png(2, 1, 8, ImageFiles.PALETTE, rows(2, 0, 1), palette, chunk("tRNS", 0)))
        .containsExactly(255, 255, 255, 60, 50, 40);
    decoded(png(2, 1, 8, ImageFiles.GRAY, rows(2, 5, 6), chunk("tRNS", 0, 6)))
        .containsExactly(5, 255);
  }

  @Test
  void jpegGivesItsColoursWhateverItsSegmentsSay() throws ImageException {
    int[] colour = new int[64];
    Arrays.fill(colour, 0xC86432);
    byte[] plain = ImageFiles.jpeg(8, 8, false, colour);
    for (byte[] file :
        new byte[][] {
          plain,
          ImageFiles.jpeg(8, 8, true, colour),
          withoutJfif(plain),
          ImageFiles.withSegment(plain, 0xE2, "ICC_PROFILE\0\1\1no profile".getBytes(US_ASCII))
        }) {
      Pixels pixels = ImageDecoder.decode(file, LIMIT);
      for (int i = 0; i < pixels.values.length; i++) {
        int expected = 0xC86432 >> (16 - 8 * (i % 3)) & 0xFF;
        assertThat(pixels.values[i] & 0xFF).isBetween(expected - 2, expected + 2);
      }
    }
  }

  /** Files of cameras have an Exif segment in its place. */
  private static byte[] withoutJfif(byte[] jpeg) {
    assertThat(jpeg).startsWith(0xFF, 0xD8, 0xFF, 0xE0, 0, 16);
    byte[] bare = Arrays.copyOf(jpeg, jpeg.length - 18);
    System.arraycopy(jpeg, 20, bare, 2, bare.length - 2);
    return bare;
  }

  /**
   * The stored image is
   *
   * <pre>
   * 1 2 3
   * 4 5 6
   * </pre>
   */
  @Test
  void orientationIsObeyed() throws ImageException {
    int[][] upright = {
      {1, 2, 3, 4, 5, 6},
      {3, 2, 1, 6, 5, 4},
      {6, 5, 4, 3, 2, 1},
      {4, 5, 6, 1, 2, 3},
      {1, 4, 2, 5, 3, 6},
      {4, 1, 5, 2, 6, 3},
      {6, 3, 5, 2, 4, 1},
      {3, 6, 2, 5, 1, 4}
    };
    for (int orientation = 1; orientation <= 8; orientation++) {
      byte[] exif = chunk("eXIf", ImageFiles.exif(orientation));
      byte[] file = png(3, 2, 8, ImageFiles.GRAY, rows(3, 1, 2, 3, 4, 5, 6), exif);
      decoded(file).as("orientation " + orientation).containsExactly(upright[orientation - 1]);
      assertThat(ImageDecoder.decode(file, LIMIT).width).isEqualTo(orientation < 5 ? 3 : 2);
    }
  }

  @Test
  void orientationOfJpegIsObeyedAndNonsenseIgnored() throws ImageException {
    byte[] wide = ImageFiles.jpeg(3, 2, false, 0, 0, 0, 0, 0, 0);
    byte[] exif = new byte[6 + ImageFiles.exif(6).length];
    System.arraycopy("Exif\0\0".getBytes(US_ASCII), 0, exif, 0, 6);
    System.arraycopy(ImageFiles.exif(6), 0, exif, 6, exif.length - 6);
    assertThat(ImageDecoder.decode(ImageFiles.withSegment(wide, 0xE1, exif), LIMIT).width)
        .isEqualTo(2);
    for (int length = 6; length < exif.length - 2; length++) {
      byte[] cut = Arrays.copyOf(exif, length);
      cut[cut.length - 1] ^= 0x55;
      assertThat(ImageDecoder.decode(ImageFiles.withSegment(wide, 0xE1, cut), LIMIT).height)
          .isBetween(2, 3);
    }
  }

  @Test
  void bombIsRefusedBeforeItIsDecoded() {
    refused(
        ImageFiles.bomb(60_000, 60_000),
        ImageException.Kind.TOO_LARGE,
        "60000 x 60000 pixels are more than the 1000 allowed");
    refused(
        ImageFiles.bomb(1_000_000, 1),
        ImageException.Kind.TOO_LARGE,
        "1000000 x 1 pixels, but a side may have at most 65535");
    byte[] jpeg = ImageFiles.jpeg(8, 8, false, new int[64]);
    for (int i = 0; i < jpeg.length - 8; i++) {
      if (jpeg[i] == (byte) 0xFF && jpeg[i + 1] == (byte) 0xC0) {
        Arrays.fill(jpeg, i + 5, i + 9, (byte) 0xFE);
      }
    }
    refused(jpeg, ImageException.Kind.TOO_LARGE, "65278 x 65278 pixels");
  }

  @Test
  void textsThatUnpackToAnySizeNeverReachTheDecoder() throws ImageException {
    byte[] palette = chunk("PLTE", 9, 8, 7);
    byte[] profile = chunk("iCCP", 'x', 0, 0, 1, 2, 3);
    byte[] text = chunk("zTXt", 'x', 0, 0, 99, 99);
    decoded(png(1, 1, 8, ImageFiles.PALETTE, rows(1, 0), profile, text, palette))
        .containsExactly(9, 8, 7);
  }

  @Test
  void everyCutIsNoticed() {
    Random random = new Random(4);
    int[] pixels = random.ints(400, 0, 1 << 24).toArray();
    byte[] png = ImageFiles.rgb(20, 20, random.ints(1200, 0, 256).toArray());
    for (byte[] whole :
        new byte[][] {
          png, ImageFiles.jpeg(20, 20, false, pixels), ImageFiles.jpeg(20, 20, true, pixels)
        }) {
      for (int length = 9; length < whole.length; length += 7) {
        refused(Arrays.copyOf(whole, length), ImageException.Kind.DAMAGED, "cut off or damaged");
      }
    }
  }

  @Test
  void missingMiddleOfAJpegIsNoticed() {
    int[] pixels = new Random(4).ints(400, 0, 1 << 24).toArray();
    byte[] whole = ImageFiles.jpeg(20, 20, false, pixels);
    byte[] mended = Arrays.copyOf(whole, whole.length - 300);
    mended[mended.length - 2] = (byte) 0xFF;
    mended[mended.length - 1] = (byte) 0xD9;
    refused(mended, ImageException.Kind.DAMAGED, "a damaged JPEG: ");
  }

  @Test
  void flippedBitsOfAPngAreNoticed() {
    byte[] whole = ImageFiles.rgb(20, 20, new Random(4).ints(1200, 0, 256).toArray());
    for (int i = 8; i < whole.length; i += 11) {
      byte[] flipped = whole.clone();
      flipped[i] ^= 0x10;
      assertThatThrownBy(() -> ImageDecoder.decode(flipped, LIMIT))
          .isInstanceOfSatisfying(
              ImageException.class,
              e -> assertThat(e.kind()).isEqualTo(ImageException.Kind.DAMAGED));
    }
  }

  @Test
  void tooFewPixelsAreNoticed() {
    refused(
        png(4, 4, 8, ImageFiles.GRAY, rows(4, 1, 2, 3, 4)),
        ImageException.Kind.DAMAGED,
        "a damaged PNG: ");
  }

  @Test
  void whatIsNotReadIsNamed() {
    refused(new byte[0], ImageException.Kind.DAMAGED, "0 bytes, not an image");
    refused("GIF89a".getBytes(US_ASCII), ImageException.Kind.UNSUPPORTED, "neither PNG nor JPEG");
    refused(
        ImageFiles.cmyk(), ImageException.Kind.UNSUPPORTED, "a JPEG of 4 channels (CMYK or YCCK)");
    refused(
        png(0, 4, 8, ImageFiles.GRAY, rows(1)),
        ImageException.Kind.DAMAGED,
        "a PNG of 0 x 4 pixels");
  }

  @Test
  void tooManyScansAreRefused() {
    byte[] jpeg = ImageFiles.jpeg(8, 8, false, new int[64]);
    int scan = 0;
    while (jpeg[scan] != (byte) 0xFF || jpeg[scan + 1] != (byte) 0xDA) {
      scan++;
    }
    int length = jpeg.length - 2 - scan;
    byte[] many = Arrays.copyOf(jpeg, jpeg.length + 100 * length);
    for (int i = 1; i <= 100; i++) {
      System.arraycopy(jpeg, scan, many, scan + i * length, length + 2);
    }
    refused(many, ImageException.Kind.UNSUPPORTED, "more than 100 scans");
  }
}
