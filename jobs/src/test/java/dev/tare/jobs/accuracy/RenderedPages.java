package dev.tare.jobs.accuracy;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;

/** Images with a few lines of text, for a detector. */
final class RenderedPages {

  private static final int HEIGHT = 96;

  /** Each page has the next of these. */
  private static final List<Integer> WIDTHS = List.of(96, 160, 224);

  private static final List<String> WORDS =
      List.of("ranges", "of", "activations", "become", "scales", "and", "zero", "points");

  private RenderedPages() {}

  /** Writes pages; returns their folder. */
  static Path write(Path folder, long seed, int pages) throws IOException {
    Files.createDirectories(folder);
    Random random = new Random(seed);
    for (int i = 0; i < pages; i++) {
      BufferedImage page = page(WIDTHS.get(i % WIDTHS.size()), random);
      ImageIO.write(page, "png", folder.resolve("%05d.png".formatted(i)).toFile());
    }
    return folder;
  }

  private static BufferedImage page(int width, Random random) {
    BufferedImage page = new BufferedImage(width, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = page.createGraphics();
    graphics.setColor(color(random, 190, 66));
    graphics.fillRect(0, 0, width, HEIGHT);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setColor(color(random, 0, 90));
    for (int y = 30; y < HEIGHT - 10; y += 20 + random.nextInt(16)) {
      graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12 + random.nextInt(12)));
      String line = word(random) + " " + word(random) + " " + word(random);
      graphics.drawString(line, 4 + random.nextInt(20), y);
    }
    graphics.dispose();
    return page;
  }

  private static String word(Random random) {
    return WORDS.get(random.nextInt(WORDS.size()));
  }

  private static Color color(Random random, int low, int range) {
    return new Color(
        low + random.nextInt(range), low + random.nextInt(range), low + random.nextInt(range));
  }
}
