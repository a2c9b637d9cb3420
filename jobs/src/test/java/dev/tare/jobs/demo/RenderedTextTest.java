package dev.tare.jobs.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.TareException;
import dev.tare.jobs.demo.RenderedText.Kind;
import dev.tare.jobs.demo.RenderedText.Part;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenderedTextTest {

  private static final List<String> TEXTS =
      List.of("an organism lacking cells", "a uniform, well-kept zone", "disestablishmentarianism");

  @TempDir Path folder;

  /** Pixels by file. */
  private SortedMap<String, List<Integer>> draw(String name, Kind kind, Part part, int images)
      throws IOException {
    RenderedText.write(folder.resolve(name), kind, part, TEXTS, images);
    SortedMap<String, List<Integer>> drawn = new TreeMap<>();
    try (var files = Files.newDirectoryStream(folder.resolve(name))) {
      for (Path file : files) {
        drawn.put(file.getFileName().toString(), pixels(ImageIO.read(file.toFile())));
      }
    }
    return drawn;
  }

  private static List<Integer> pixels(BufferedImage image) {
    List<Integer> pixels = new ArrayList<>(List.of(image.getWidth(), image.getHeight()));
    for (int rgb :
        image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth())) {
      pixels.add(rgb);
    }
    return pixels;
  }

  @Test
  void theSameImagesAreDrawnEveryTime() throws IOException {
    assertThat(draw("a", Kind.LINES, Part.CALIBRATION, 5))
        .isEqualTo(draw("b", Kind.LINES, Part.CALIBRATION, 5))
        .hasSize(5);
    assertThat(draw("a", Kind.LINES, Part.CALIBRATION, 2))
        .containsOnlyKeys("00000.png", "00001.png");
  }

  @Test
  void imagesShowSomething() throws IOException {
    draw("a", Kind.LINES, Part.EVALUATION, 4)
        .values()
        .forEach(
            pixels -> {
              assertThat(pixels.get(0)).isGreaterThan(20);
              assertThat(pixels.get(1)).isBetween(20, 90);
              assertThat(pixels.stream().distinct().count()).isGreaterThan(50);
            });
  }

  @Test
  void evaluationSharesNoWordWithCalibration() {
    assertThat(RenderedText.words(TEXTS, Part.CALIBRATION))
        .containsExactly("an", "kept", "organism", "well");
    assertThat(RenderedText.words(TEXTS, Part.EVALUATION))
        .containsExactly("cells", "lacking", "uniform", "zone");
  }

  @Test
  void everySecondAngleIsUpsideDown() throws IOException {
    assertThat(draw("a", Kind.ANGLES, Part.CALIBRATION, 4))
        .containsOnlyKeys("00000.png", "00001-180.png", "00002.png", "00003-180.png");
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, 0xFF0000);
    image.setRGB(2, 0, 0x00FF00);
    BufferedImage turned = RenderedText.upsideDown(image);
    assertThat(turned.getRGB(2, 1)).isEqualTo(0xFFFF0000);
    assertThat(turned.getRGB(0, 1)).isEqualTo(0xFF00FF00);
  }

  @Test
  void aJavaWithoutFontsSaysWhatToInstall() throws IOException, InterruptedException {
    Path none = Files.createDirectory(folder.resolve("none"));
    Path fonts = folder.resolve("fonts.conf");
    Files.writeString(fonts, "<fontconfig><dir>%s</dir></fontconfig>".formatted(none));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Djava.awt.headless=true",
            // Java keeps what it found under the user's home.
            "-Duser.home=" + none,
            "-cp",
            System.getProperty("java.class.path"),
            Draw.class.getName(),
            folder.resolve("images").toString());
    builder.environment().put("FONTCONFIG_FILE", fonts.toString());
    File out = folder.resolve("out").toFile();
    int code = builder.redirectErrorStream(true).redirectOutput(out).start().waitFor();
    assertThat(Files.readString(out.toPath(), StandardCharsets.UTF_8))
        .contains("this Java finds no fonts", "apt-get install fontconfig fonts-dejavu-core");
    assertThat(code).isEqualTo(3);
  }

  /** Draws in a JVM of its own. */
  static final class Draw {

    private Draw() {}

    public static void main(String[] arguments) throws IOException {
      try {
        RenderedText.write(Path.of(arguments[0]), Kind.LINES, Part.CALIBRATION, TEXTS, 1);
      } catch (TareException e) {
        System.out.println(e.getMessage());
        System.exit(e.exitCode().code());
      }
    }
  }
}
