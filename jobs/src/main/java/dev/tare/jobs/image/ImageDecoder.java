package dev.tare.jobs.image;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Pixels of PNG and JPEG files by the JDK's own readers, in memory.
 *
 * <ul>
 *   <li>Values are used as stored: colour profiles and gamma are ignored.
 *   <li>Palettes are looked up, 1, 2 and 4 bits of gray spread to 0 to 255, 16 bits rounded to 8.
 *   <li>Transparent pixels are drawn on white.
 *   <li>The orientation of Exif is applied.
 * </ul>
 *
 * PNG gives the same pixels everywhere; those of JPEG come from the libjpeg of the JDK, whose
 * builds may differ by one step.
 */
final class ImageDecoder {

  /** Longest side: JPEG's own limit. */
  private static final int MAX_SIDE = 65_535;

  private ImageDecoder() {}

  /**
   * Decodes a file.
   *
   * @param maxPixels largest number of pixels, checked before any is decoded
   * @throws ImageException if the file is damaged, too large, or not supported
   */
  static Pixels decode(byte[] file, long maxPixels) throws ImageException {
    ImageHeader header = ImageHeader.parse(file);
    requireSize(header.width(), header.height(), maxPixels);
    ImageReader reader = reader(header.format());
    StringBuilder damage = new StringBuilder();
    reader.addIIOReadWarningListener(
        (source, warning) -> damage.append(damaging(warning) ? warning : ""));
    byte[] essential = header.essential().bytes();
    try (ImageInputStream in =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(essential))) {
      reader.setInput(in, true, true);
      // The reader allocates by the size that it finds in the file, so this size is checked too.
      requireSize(reader.getWidth(0), reader.getHeight(0), maxPixels);
      BufferedImage image = reader.read(0);
      if (damage.length() > 0) {
        throw ImageException.damaged("a damaged %s: %s".formatted(header.format(), damage));
      }
      return pixels(image).upright(header.orientation());
    } catch (IOException | RuntimeException e) {
      throw ImageException.damaged("a damaged %s: %s".formatted(header.format(), root(e)));
    } finally {
      reader.dispose();
    }
  }

  static void requireSize(long width, long height, long maxPixels) throws ImageException {
    if (width > MAX_SIDE || height > MAX_SIDE) {
      throw ImageException.tooLarge(
          "%d x %d pixels, but a side may have at most %d".formatted(width, height, MAX_SIDE));
    }
    if (width * height > maxPixels) {
      throw ImageException.tooLarge(
          "%d x %d pixels are more than the %d allowed".formatted(width, height, maxPixels));
    }
  }

  /** The reader of the JDK, whatever other readers are on the class path. */
  private static ImageReader reader(ImageFormat format) {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format.name());
    while (readers.hasNext()) {
      ImageReader reader = readers.next();
      if ("java.desktop".equals(reader.getClass().getModule().getName())) {
        return reader;
      }
    }
    throw new IllegalStateException("This Java cannot read " + format);
  }

  /**
   * libjpeg continues after a defect and fills the rest with gray, so this is an error; surplus
   * bytes are harmless.
   */
  private static boolean damaging(String warning) {
    String lower = warning.toLowerCase(Locale.ROOT);
    return lower.contains("premature")
        || lower.contains("truncated")
        || (lower.contains("corrupt") && !lower.contains("extraneous"));
  }

  private static String root(Exception failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
  }

  private static Pixels pixels(BufferedImage image) {
    Raster raster = image.getRaster();
    int width = raster.getWidth();
    int bands = raster.getNumBands();
    boolean indexed = image.getColorModel() instanceof IndexColorModel;
    int[] palette = indexed ? palette((IndexColorModel) image.getColorModel()) : new int[0];
    boolean wide = raster.getDataBuffer().getDataType() == DataBuffer.TYPE_USHORT;
    Pixels pixels = new Pixels(width, raster.getHeight(), indexed || bands > 2 ? 3 : 1);
    int[] row = new int[width * bands];
    int out = 0;
    for (int y = 0; y < pixels.height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int x = 0; x < width; x++) {
        if (indexed) {
          int argb = palette[row[x]];
          for (int shift = 16; shift >= 0; shift -= 8) {
            pixels.values[out++] = onWhite(argb >>> shift & 0xFF, argb >>> 24);
          }
          continue;
        }
        int alpha = bands % 2 == 1 ? 255 : eight(row[x * bands + bands - 1], wide);
        for (int c = 0; c < pixels.channels; c++) {
          pixels.values[out++] = onWhite(eight(row[x * bands + c], wide), alpha);
        }
      }
    }
    return pixels;
  }

  private static int[] palette(IndexColorModel model) {
    int[] argb = new int[model.getMapSize()];
    model.getRGBs(argb);
    return argb;
  }

  /** 65535 becomes 255; halves are rounded up. */
  private static int eight(int value, boolean wide) {
    return wide ? (value * 255 + 32_895) >>> 16 : value;
  }

  private static byte onWhite(int value, int alpha) {
    return (byte) ((value * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}
