package dev.tare.jobs.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DrawnFacesTest {

  @TempDir Path folder;

  /** Pixels by file. */
  private SortedMap<String, List<Integer>> draw(long seed, int count) throws IOException {
    DrawnFaces.write(folder, seed, count);
    SortedMap<String, List<Integer>> drawn = new TreeMap<>();
    try (var files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        BufferedImage image = ImageIO.read(file.toFile());
        assertThat(List.of(image.getWidth(), image.getHeight())).containsOnly(DrawnFaces.EDGE);
        int[] pixels =
            image.getRGB(0, 0, DrawnFaces.EDGE, DrawnFaces.EDGE, null, 0, DrawnFaces.EDGE);
        drawn.put(
            file.getFileName().toString(),
            Arrays.stream(pixels).boxed().collect(Collectors.toList()));
      }
    }
    return drawn;
  }

  @Test
  void aSeedGivesTheSameFacesAndEachIsAnother() throws IOException {
    SortedMap<String, List<Integer>> three = draw(5, 3);
    assertThat(three).containsOnlyKeys("00000.png", "00001.png", "00002.png");
    assertThat(three.values()).doesNotHaveDuplicates();
    assertThat(draw(5, 2)).isEqualTo(three.headMap("00002.png"));
    assertThat(draw(6, 1).values()).doesNotContainAnyElementsOf(three.values());
  }

  @Test
  void aFaceHasColoursThatDiffer() throws IOException {
    List<Integer> pixels = draw(7, 1).get("00000.png");
    assertThat(pixels.stream().distinct().count()).isGreaterThan(5_000);
    assertThat(pixels.stream().mapToInt(rgb -> rgb & 0xFF).max().orElseThrow()).isGreaterThan(240);
    assertThat(pixels.stream().mapToInt(rgb -> rgb & 0xFF).min().orElseThrow()).isLessThan(30);
  }
}
