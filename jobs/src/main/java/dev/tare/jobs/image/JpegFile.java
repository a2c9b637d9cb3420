package dev.tare.jobs.image;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The segments of a JPEG file, reduced to what pixels need.
 *
 * <p>Three channels are YCbCr or RGB by libjpeg's rule: YCbCr if there is a JFIF segment, otherwise
 * as Adobe's segment says, otherwise RGB only if the channels are named R, G and B. The JDK guesses
 * by another rule, so it gets a JFIF segment whenever the image is YCbCr. Colour profiles are left
 * out, so values stay as stored.
 *
 * @see <a href="https://www.w3.org/Graphics/JPEG/itu-t81.pdf">ITU-T T.81, annex B</a>
 */
final class JpegFile {

  /** A progressive image has about ten; each costs a pass over all pixels. */
  private static final int MAX_SCANS = 100;

  private static final byte[] EXIF = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] JFIF = "JFIF\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ADOBE = "Adobe".getBytes(StandardCharsets.US_ASCII);

  /** Version 1.1, square pixels, no thumbnail. */
  private static final byte[] JFIF_SEGMENT = {
    (byte) 0xFF, (byte) 0xE0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
  };

  private static final int SOI = 0xD8;
  private static final int EOI = 0xD9;
  private static final int SOS = 0xDA;
  private static final int APP0 = 0xE0;
  private static final int APP1 = 0xE1;
  private static final int APP14 = 0xEE;
  private static final int APP15 = 0xEF;
  private static final int COM = 0xFE;

  private final byte[] file;
  private final ByteArrayOutputStream kept;
  private int position = 2;
  private long width;
  private long height;
  private int channels;
  private boolean namedRgb;
  private boolean jfif;
  private byte[] adobe = {};
  private int orientation = 1;
  private int scans;

  private JpegFile(byte[] file) {
    this.file = file;
    this.kept = new ByteArrayOutputStream(file.length);
  }

  static ImageHeader parse(byte[] file) throws ImageException {
    return new JpegFile(file).read();
  }

  private ImageHeader read() throws ImageException {
    for (int marker = next(); marker != EOI; marker = next()) {
      if (marker == SOI) {
        throw ImageException.damaged("a JPEG that begins twice");
      }
      int start = position;
      if (standsAlone(marker)) {
        continue;
      }
      int length = start + 2 > file.length ? 0 : u16(start);
      if (length < 2 || length > file.length - start) {
        throw cut();
      }
      position = start + length;
      segment(marker, start, length);
      if (marker == SOS) {
        scan(start);
      } else if (marker < APP0 || (marker > APP15 && marker != COM)) {
        kept.write(0xFF);
        kept.write(marker);
        kept.write(file, start, length);
      }
    }
    if (channels == 0 || scans == 0) {
      throw ImageException.damaged("a JPEG without pixels");
    }
    return new ImageHeader(
        ImageFormat.JPEG, width, height, orientation, new ImageHeader.Essential(essential()));
  }

  /** The next marker's code; bytes before it are skipped, as in libjpeg. */
  private int next() throws ImageException {
    while (position < file.length && file[position] != (byte) 0xFF) {
      position++;
    }
    while (position < file.length && file[position] == (byte) 0xFF) {
      position++;
    }
    if (position >= file.length) {
      throw cut();
    }
    return file[position++] & 0xFF;
  }

  private static boolean standsAlone(int marker) {
    return marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD7);
  }

  private void segment(int marker, int start, int length) throws ImageException {
    if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
      frame(marker, start, length);
    } else if (marker == APP0 && begins(start + 2, length - 2, JFIF)) {
      jfif = true;
    } else if (marker == APP14 && begins(start + 2, length - 2, ADOBE)) {
      adobe = Arrays.copyOfRange(file, start - 2, start + length);
    } else if (marker == APP1 && begins(start + 2, length - 2, EXIF)) {
      orientation =
          Exif.orientation(Arrays.copyOfRange(file, start + 2 + EXIF.length, start + length));
    }
  }

  private void frame(int marker, int start, int length) throws ImageException {
    if (marker > 0xC2) {
      throw ImageException.unsupported(
          "a JPEG of process SOF%d, not Huffman DCT".formatted(marker - 0xC0));
    }
    if (channels != 0 || length < 8) {
      throw ImageException.damaged("a JPEG with a damaged or second frame header");
    }
    height = u16(start + 3);
    width = u16(start + 5);
    channels = file[start + 7] & 0xFF;
    if (file[start + 2] != 8) {
      throw ImageException.unsupported(
          "a JPEG of %d bits per value, not 8".formatted(file[start + 2]));
    }
    if (channels == 4) {
      throw ImageException.unsupported("a JPEG of 4 channels (CMYK or YCCK)");
    }
    if (channels != 1 && channels != 3) {
      throw ImageException.unsupported("a JPEG of %d channels".formatted(channels));
    }
    if (width == 0 || height == 0 || length < 8 + 3 * channels) {
      throw ImageException.damaged("a JPEG of %d x %d pixels".formatted(width, height));
    }
    namedRgb =
        channels == 3
            && file[start + 8] == 'R'
            && file[start + 11] == 'G'
            && file[start + 14] == 'B';
  }

  /** Keeps a scan with its entropy-coded bytes, which end at a marker other than a restart. */
  private void scan(int start) throws ImageException {
    if (++scans > MAX_SCANS) {
      throw ImageException.unsupported("a JPEG of more than %d scans".formatted(MAX_SCANS));
    }
    int end = position;
    while (end + 1 < file.length && !(file[end] == (byte) 0xFF && ends(file[end + 1] & 0xFF))) {
      end++;
    }
    if (end + 1 >= file.length) {
      throw cut();
    }
    kept.write(file, start - 2, end - start + 2);
    position = end;
  }

  private static boolean ends(int marker) {
    return marker != 0 && marker != 0xFF && !standsAlone(marker);
  }

  private byte[] essential() {
    ByteArrayOutputStream out = new ByteArrayOutputStream(kept.size() + 64);
    out.write(0xFF);
    out.write(SOI);
    if (jfif || (adobe.length == 0 && !namedRgb)) {
      out.writeBytes(JFIF_SEGMENT);
    } else {
      out.writeBytes(adobe);
    }
    out.writeBytes(kept.toByteArray());
    out.write(0xFF);
    out.write(EOI);
    return out.toByteArray();
  }

  private boolean begins(int start, int length, byte[] word) {
    return length >= word.length
        && Arrays.equals(file, start, start + word.length, word, 0, word.length);
  }

  private int u16(int at) {
    return (file[at] & 0xFF) << 8 | (file[at + 1] & 0xFF);
  }

  private ImageException cut() {
    return ImageException.damaged(
        "a JPEG cut off or damaged: its segments do not end within %d bytes"
            .formatted(file.length));
  }
}
