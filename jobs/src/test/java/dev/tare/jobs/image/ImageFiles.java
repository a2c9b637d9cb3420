package dev.tare.jobs.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Builds image files byte by byte. */
public final class ImageFiles {

  static final int GRAY = 0;
  static final int RGB = 2;
  static final int PALETTE = 3;
  static final int GRAY_ALPHA = 4;
  static final int RGB_ALPHA = 6;

  /** {@code Image.new("CMYK", (4, 4), (10, 20, 30, 40)).save(b, "JPEG")} by Pillow 13.0.0. */
  private static final String CMYK =
      "ffd8ffee000e41646f626500640000000000ffdb004300080606070605080707070909080a0c140d0c0b0b0c1912"
          + "130f141d1a1f1e1d1a1c1c20242e2720222c231c1c2837292c30313434341f27393d38323c2e333432ffc0"
          + "00140800040004044311004d11005911004b1100ffc4001f00000105010101010101000000000000000001"
          + "02030405060708090a0bffc400b5100002010303020403050504040000017d010203000411051221314106"
          + "13516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738"
          + "393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92"
          + "939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9"
          + "dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffda000e0443004d0059004b00003f00f75af6baf61a"
          + "f57affd9";

  private ImageFiles() {}

  /** A PNG of 8-bit RGB values, row by row. */
  public static byte[] rgb(int width, int height, int... values) {
    return png(width, height, 8, RGB, rows(width * 3, values));
  }

  /** A PNG of 8-bit gray values. */
  public static byte[] gray(int width, int height, int... values) {
    return png(width, height, 8, GRAY, rows(width, values));
  }

  /** A PNG that claims a size and has the pixels of another. */
  public static byte[] bomb(int width, int height) {
    return png(width, height, 8, RGB, new byte[10]);
  }

  static byte[] cmyk() {
    return HexFormat.of().parseHex(CMYK);
  }

  /** Scanlines without filters. */
  static byte[] rows(int rowBytes, int... values) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < values.length; i++) {
      if (i % rowBytes == 0) {
        out.write(0);
      }
      out.write(values[i]);
    }
    return out.toByteArray();
  }

  static byte[] png(int width, int height, int bits, int type, byte[] scanlines, byte[]... before) {
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height);
    header.put((byte) bits).put((byte) type);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(HexFormat.of().parseHex("89504e470d0a1a0a"));
    out.writeBytes(chunk("IHDR", header.array()));
    for (byte[] chunk : before) {
      out.writeBytes(chunk);
    }
    out.writeBytes(chunk("IDAT", deflated(scanlines)));
    out.writeBytes(chunk("IEND", new byte[0]));
    return out.toByteArray();
  }

  static byte[] chunk(String type, byte[] data) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data);
    return ByteBuffer.allocate(12 + data.length)
        .putInt(data.length)
        .put(name)
        .put(data)
        .putInt((int) crc.getValue())
        .array();
  }

  static byte[] chunk(String type, int... data) {
    byte[] bytes = new byte[data.length];
    for (int i = 0; i < data.length; i++) {
      bytes[i] = (byte) data[i];
    }
    return chunk(type, bytes);
  }

  /** Big-endian Exif data that holds an orientation and nothing else. */
  static byte[] exif(int orientation) {
    return HexFormat.of()
        .parseHex("4d4d002a00000008" + "0001" + "0112000300000001000" + orientation + "0000");
  }

  private static byte[] deflated(byte[] data) {
    Deflater deflater = new Deflater();
    deflater.setInput(data);
    deflater.finish();
    byte[] buffer = new byte[data.length + 64];
    byte[] exact = new byte[deflater.deflate(buffer)];
    System.arraycopy(buffer, 0, exact, 0, exact.length);
    deflater.end();
    return exact;
  }

  /** A JPEG at the best quality. */
  public static byte[] jpeg(int width, int height, boolean progressive, int... rgb) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, width, height, rgb, 0, width);
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam parameters = writer.getDefaultWriteParam();
    parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    parameters.setCompressionQuality(1);
    if (progressive) {
      parameters.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.write(null, new IIOImage(image, null, null), parameters);
    } catch (IOException e) {
      throw new AssertionError(e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  /** The file with a segment behind its first two bytes. */
  static byte[] withSegment(byte[] jpeg, int marker, byte[] data) {
    return ByteBuffer.allocate(jpeg.length + 4 + data.length)
        .put(jpeg, 0, 2)
        .put((byte) 0xFF)
        .put((byte) marker)
        .putShort((short) (data.length + 2))
        .put(data)
        .put(jpeg, 2, jpeg.length - 2)
        .array();
  }
}
