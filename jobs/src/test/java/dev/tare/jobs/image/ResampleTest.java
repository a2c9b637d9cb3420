package dev.tare.jobs.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.image.Resample.Window;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class ResampleTest {

  /** Channel c of pixel (x, y) is (37 x + 91 y + 53 c + 7 x y) mod 256. */
  private static Pixels pattern(int width, int height) {
    Pixels pixels = new Pixels(width, height, 3);
    for (int i = 0; i < pixels.values.length; i++) {
      int x = i / 3 % width;
      int y = i / 3 / width;
      pixels.values[i] = (byte) (37 * x + 91 * y + 53 * (i % 3) + 7 * x * y);
    }
    return pixels;
  }

  private static int[] unsigned(Pixels pixels) {
    int[] values = new int[pixels.values.length];
    Arrays.setAll(values, i -> pixels.values[i] & 0xFF);
    return values;
  }

  private static Pixels resized(Pixels source, int width, int height) {
    return Resample.bilinear(source, Window.whole(width), Window.whole(height));
  }

  private static Pixels row(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return new Pixels(values.length, 1, 1, bytes);
  }

  @Test
  void enlargingMixesNeighboursByDistanceOfCentres() {
    // Centres at .25, .75, 1.25, 1.75 of pixels at .5 and 1.5.
    assertThat(unsigned(resized(row(0, 100), 4, 1))).containsExactly(0, 25, 75, 100);
  }

  @Test
  void shrinkingWeighsEveryPixelByATriangle() {
    // The triangle reaches 2 to both sides of 1: weights 3, 3 and 1 of 7, the rest outside.
    assertThat(unsigned(resized(row(70, 0, 0, 0), 2, 1))).containsExactly(30, 0);
    assertThat(unsigned(resized(row(0, 0, 70, 0), 2, 1))).containsExactly(10, 30);
  }

  @Test
  void sameSizeIsTheSameImage() {
    assertThat(resized(pattern(7, 5), 7, 5).values).isEqualTo(pattern(7, 5).values);
  }

  /**
   * {@code numpy.asarray(image.resize((3, 2), Image.BILINEAR)).ravel()} by Pillow 11.3.0, where
   * {@code image = Image.fromarray(a)} and {@code a[y, x, c] = (37 * x + 91 * y + 53 * c + 7 * x *
   * y) % 256} of 5 x 7 x 3.
   */
  @Test
  void smallImageEqualsPillows() {
    assertThat(unsigned(resized(pattern(7, 5), 3, 2)))
        .containsExactly(
            105, 133, 143, 125, 129, 144, 133, 134, 127, 124, 135, 130, 139, 140, 134, 151, 132,
            125);
  }

  /** {@code hashlib.sha256(image.resize(size, Image.BILINEAR).tobytes())}, an image of 61 x 47. */
  @Test
  void everyByteEqualsPillows() {
    Pixels source = pattern(61, 47);
    assertThat(sha256(resized(source, 13, 17)))
        .isEqualTo("2e683004e52a0e40c2dfa5993433f45ffca648907265e3c8a34b8d8b032bd42c");
    assertThat(sha256(resized(source, 122, 30)))
        .isEqualTo("71c7563c7d3e6f0832d56f6d9dd900e388fbfd310c1cdfb406c2c83c8232f09f");
    assertThat(sha256(resized(source, 48, 48)))
        .isEqualTo("81a1c406beab1c3cdb29c36647607f67678bec62c042d7f0de7083f3df5384c4");
  }

  private static String sha256(Pixels pixels) {
    return HexFormat.of().formatHex(Sample.hash(pixels.values));
  }

  @Test
  void aWindowIsAPartOfTheWhole() {
    Pixels whole = resized(pattern(61, 47), 30, 20);
    Pixels part = Resample.bilinear(pattern(61, 47), new Window(30, 7, 11), new Window(20, 4, 9));
    for (int y = 0; y < 9; y++) {
      assertThat(Arrays.copyOfRange(part.values, y * 33, (y + 1) * 33))
          .isEqualTo(
              Arrays.copyOfRange(whole.values, ((y + 4) * 30 + 7) * 3, ((y + 4) * 30 + 18) * 3));
    }
  }

  @Test
  void extremeProportionsTakeLittleMemory() {
    Pixels tall = new Pixels(1, 65_535, 1);
    Arrays.fill(tall.values, (byte) 200);
    assertThat(unsigned(resized(tall, 200, 3))).hasSize(600).containsOnly(200);
  }
}
