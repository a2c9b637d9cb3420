package dev.tare.jobs.demo;

import dev.tare.jobs.TareException;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;

/**
 * Lines of English words, drawn by Java2D into PNG files.
 *
 * <p>The same seed gives the same pixels on one Java with one set of fonts. Calibration and
 * evaluation images have different words, fonts and noise.
 */
public final class RenderedText {

  private static final Pattern WORD = Pattern.compile("\\b[A-Za-z]{2,12}\\b");
  private static final int MIN_SIZE = 20;
  private static final int SIZES = 20;

  /** What the images are for. */
  public enum Part {
    CALIBRATION(2026, 4, 0),
    EVALUATION(2027, 9, 1);

    private final long seed;
    private final double noise;
    private final int words;

    /**
     * @param noise standard deviation, of 255
     * @param words 0 for the first of every two words, 1 for the second
     */
    Part(long seed, double noise, int words) {
      this.seed = seed;
      this.noise = noise;
      this.words = words;
    }

    private Font font(Random random) {
      boolean first = random.nextBoolean();
      int size = MIN_SIZE + random.nextInt(SIZES);
      return this == CALIBRATION
          ? new Font(first ? Font.SANS_SERIF : Font.SERIF, Font.PLAIN, size)
          : new Font(first ? Font.MONOSPACED : Font.SERIF, first ? Font.PLAIN : Font.BOLD, size);
    }
  }

  /** Which model the images are for. */
  public enum Kind {
    /** Lines of up to four words, for a recognizer. */
    LINES(4),
    /** Single words, every second upside down, for a classifier of angles. */
    ANGLES(1);

    private final int words;

    Kind(int words) {
      this.words = words;
    }
  }

  private RenderedText() {}

  /**
   * Fills a folder with images, replacing existing ones.
   *
   * @param texts where words are taken from: every second one, by the alphabet, for either part
   * @param images how many, at least 1
   * @throws TareException (bad input) if Java finds no fonts
   */
  public static void write(Path folder, Kind kind, Part part, List<String> texts, int images)
      throws IOException {
    requireFonts();
    List<String> words = words(texts, part);
    clear(folder);
    Random random = new Random(part.seed);
    for (int i = 0; i < images; i++) {
      List<String> line = new ArrayList<>();
      int count = 1 + random.nextInt(kind.words);
      for (int w = 0; w < count; w++) {
        line.add(words.get(random.nextInt(words.size())));
      }
      BufferedImage image = draw(String.join(" ", line), part, random);
      boolean turned = kind == Kind.ANGLES && i % 2 == 1;
      Path file = folder.resolve("%05d%s.png".formatted(i, turned ? "-180" : ""));
      ImageIO.write(turned ? upsideDown(image) : image, "png", file.toFile());
    }
  }

  /** Returns the different words of a part, in alphabetical order. */
  static List<String> words(List<String> texts, Part part) {
    TreeSet<String> all = new TreeSet<>();
    for (String text : texts) {
      for (Matcher matcher = WORD.matcher(text); matcher.find(); ) {
        all.add(matcher.group());
      }
    }
    List<String> words = new ArrayList<>();
    int index = 0;
    for (String word : all) {
      if (index++ % 2 == part.words) {
        words.add(word);
      }
    }
    return words;
  }

  private static BufferedImage draw(String text, Part part, Random random) {
    Font font = part.font(random);
    FontMetrics metrics =
        new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics().getFontMetrics(font);
    int margin = 2 + random.nextInt(6);
    int width = metrics.stringWidth(text) + 2 * margin;
    int height = metrics.getAscent() + metrics.getDescent() + 2 * margin;
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    Color paper = color(random, 190, 255);
    Color ink = color(random, 0, 90);
    boolean inverse = random.nextInt(4) == 0;
    graphics.setColor(inverse ? ink : paper);
    graphics.fillRect(0, 0, width, height);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setColor(inverse ? paper : ink);
    graphics.setFont(font);
    graphics.drawString(text, margin, margin + metrics.getAscent());
    graphics.dispose();
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, noisy(image.getRGB(x, y), part.noise, random));
      }
    }
    return image;
  }

  private static Color color(Random random, int low, int high) {
    int range = high - low + 1;
    return new Color(
        low + random.nextInt(range), low + random.nextInt(range), low + random.nextInt(range));
  }

  private static int noisy(int rgb, double deviation, Random random) {
    int noise = (int) Math.rint(deviation * random.nextGaussian());
    int result = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
      int value = (rgb >> shift & 0xFF) + noise;
      result |= Math.max(0, Math.min(255, value)) << shift;
    }
    return result;
  }

  static BufferedImage upsideDown(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    BufferedImage turned = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        turned.setRGB(width - 1 - x, height - 1 - y, image.getRGB(x, y));
      }
    }
    return turned;
  }

  private static void clear(Path folder) throws IOException {
    Files.createDirectories(folder);
    try (var files = Files.newDirectoryStream(folder, "*.png")) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
  }

  /** Java without fonts fails on first use, differently in each version. */
  private static void requireFonts() {
    try {
      Graphics2D graphics = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
      if (graphics.getFontMetrics(new Font(Font.SERIF, Font.PLAIN, MIN_SIZE)).stringWidth("a")
          > 0) {
        return;
      }
      throw noFonts(null);
    } catch (TareException e) {
      throw e;
    } catch (RuntimeException | Error e) {
      throw noFonts(e);
    }
  }

  private static TareException noFonts(Throwable cause) {
    return TareException.badInput(
        "Cannot draw text: this Java finds no fonts; install some, on Debian by 'apt-get install"
            + " fontconfig fonts-dejavu-core'",
        cause);
  }
}
