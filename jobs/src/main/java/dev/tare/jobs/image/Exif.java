package dev.tare.jobs.image;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The orientation in Exif data, which is a TIFF file without pictures.
 *
 * @see <a href="https://www.cipa.jp/std/documents/download_e.html?CIPA_DC-008-2024-E">CIPA
 *     DC-008</a>
 */
final class Exif {

  private static final int ORIENTATION = 0x0112;
  private static final int SHORT = 3;

  private Exif() {}

  /** The orientation, 1 to 8; 1 if there is none or it cannot be read. */
  static int orientation(byte[] tiff) {
    ByteBuffer in = ByteBuffer.wrap(tiff);
    try {
      switch (in.getShort()) {
        case 0x4949 -> in.order(ByteOrder.LITTLE_ENDIAN);
        case 0x4D4D -> in.order(ByteOrder.BIG_ENDIAN);
        default -> {
          return 1;
        }
      }
      in.getShort();
      in.position(in.getInt());
      int entries = in.getShort() & 0xFFFF;
      for (int i = 0; i < entries; i++) {
        int tag = in.getShort() & 0xFFFF;
        int type = in.getShort();
        in.getInt();
        int value = in.getShort() & 0xFFFF;
        in.getShort();
        if (tag == ORIENTATION) {
          return type == SHORT && value >= 1 && value <= 8 ? value : 1;
        }
      }
      return 1;
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return 1;
    }
  }
}
