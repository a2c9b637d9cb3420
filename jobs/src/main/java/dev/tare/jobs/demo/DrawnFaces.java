package dev.tare.jobs.demo;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Arc2D;
import java.awt.geom.Ellipse2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;

/**
 * Faces, drawn by Java2D into PNG files: skin, hair, eyes, nose and mouth of random sizes, colours
 * and angles before a background, with noise.
 *
 * <p>The same seed gives the same pixels on one Java.
 */
final class DrawnFaces {

  /** Width and height in pixels. */
  static final int EDGE = 192;

  private static final double NOISE = 6;

  private final Random random;

  private DrawnFaces(long seed) {
    this.random = new Random(seed);
  }

  /**
   * Fills a folder with pictures, in place of those that it has.
   *
   * @param folder created if necessary
   * @param count how many, at least 1
   */
  static void write(Path folder, long seed, int count) throws IOException {
    Files.createDirectories(folder);
    try (var files = Files.newDirectoryStream(folder, "*.png")) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    DrawnFaces faces = new DrawnFaces(seed);
    for (int i = 0; i < count; i++) {
      ImageIO.write(faces.draw(), "png", folder.resolve("%05d.png".formatted(i)).toFile());
    }
  }

  private BufferedImage draw() {
    BufferedImage image = new BufferedImage(EDGE, EDGE, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setPaint(new GradientPaint(0, 0, color(0, 255), EDGE, EDGE, color(0, 255)));
    graphics.fillRect(0, 0, EDGE, EDGE);
    AffineTransform place = new AffineTransform();
    place.translate(EDGE / 2.0 + within(12), EDGE / 2.0 + within(12));
    place.rotate(within(0.3));
    double size = EDGE * (0.42 + within(0.08));
    place.scale(size, size);
    graphics.transform(place);
    face(graphics);
    graphics.dispose();
    noise(image);
    return image;
  }

  /** In a square from -1 to 1. */
  private void face(Graphics2D graphics) {
    double wide = 0.75 + within(0.08);
    int tone = 90 + random.nextInt(150);
    Color skin = new Color(tone, tone * 3 / 4, tone * 3 / 5);
    graphics.setPaint(color(10, 160));
    oval(graphics, 0, -0.25, wide + 0.1, 0.85);
    graphics.setPaint(new GradientPaint(-1, 0, skin.brighter(), 1, 0, skin.darker()));
    oval(graphics, 0, 0, wide, 1);
    double height = -0.2 + within(0.06);
    Color iris = color(20, 140);
    double look = within(0.03);
    for (int side = -1; side <= 1; side += 2) {
      double at = side * 0.42 * wide;
      graphics.setPaint(Color.WHITE);
      oval(graphics, at, height, 0.15, 0.07 + within(0.03));
      graphics.setPaint(iris);
      oval(graphics, at + look, height, 0.06, 0.06);
      graphics.setPaint(Color.BLACK);
      oval(graphics, at + look, height, 0.025, 0.025);
      line(graphics, new Color(60, 40, 30), 0.05f, at, height - 0.1, 0.18, 0.1, 20, 140);
    }
    line(graphics, skin.darker().darker(), 0.03f, 0, 0.12 + within(0.04), 0.1, 0.1, 180, 180);
    double mouth = 0.28 + within(0.08);
    line(graphics, new Color(150, 40, 50), 0.08f, 0, 0.45, mouth, 0.12 + within(0.1), 190, 160);
  }

  private static void oval(Graphics2D graphics, double x, double y, double half, double tall) {
    graphics.fill(new Ellipse2D.Double(x - half, y - tall, 2 * half, 2 * tall));
  }

  private static void line(
      Graphics2D graphics,
      Color color,
      float width,
      double x,
      double y,
      double half,
      double tall,
      double from,
      double extent) {
    graphics.setPaint(color);
    graphics.setStroke(new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    graphics.draw(
        new Arc2D.Double(x - half, y - tall, 2 * half, 2 * tall, from, extent, Arc2D.OPEN));
  }

  private void noise(BufferedImage image) {
    for (int y = 0; y < EDGE; y++) {
      for (int x = 0; x < EDGE; x++) {
        int rgb = image.getRGB(x, y);
        int result = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
          int value = (rgb >> shift & 0xFF) + (int) Math.rint(NOISE * random.nextGaussian());
          result |= Math.max(0, Math.min(255, value)) << shift;
        }
        image.setRGB(x, y, result);
      }
    }
  }

  private double within(double distance) {
    return distance * (2 * random.nextDouble() - 1);
  }

  private Color color(int low, int high) {
    int range = high - low + 1;
    return new Color(
        low + random.nextInt(range), low + random.nextInt(range), low + random.nextInt(range));
  }
}
