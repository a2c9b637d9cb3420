package dev.tare.jobs.accuracy;

import dev.tare.engine.infer.CpuFeatures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A document with tables that tests write, each between two comments of its name. */
enum Document {
  ACCURACY(Path.of("..", "engine", "docs", "accuracy.md"));

  private final Path file;

  Document(Path file) {
    this.file = file;
  }

  void replace(String table, List<String> lines) throws IOException {
    String begin = "<!-- " + table + ": begin -->\n";
    String end = "<!-- " + table + ": end -->\n";
    String text = Files.readString(file);
    Files.writeString(
        file,
        text.substring(0, text.indexOf(begin) + begin.length())
            + String.join("\n", lines)
            + "\n"
            + text.substring(text.indexOf(end)));
  }

  /**
   * Replaces the lines of some networks, which are named in the first column, and keeps those of
   * others, which another run has measured.
   *
   * @param lines with two of a head
   * @param networks all, in their order
   */
  void replace(String table, List<String> lines, List<String> networks, List<String> measured)
      throws IOException {
    String text = Files.readString(file);
    String begin = "<!-- " + table + ": begin -->\n";
    int from = text.indexOf(begin) + begin.length();
    List<String> before =
        text.substring(from, text.indexOf("<!-- " + table + ": end -->")).lines().toList();
    List<String> all = new ArrayList<>(lines.subList(0, 2));
    for (String network : networks) {
      (measured.contains(network) ? lines : before)
          .stream().filter(line -> line.startsWith("| " + network + " |")).forEach(all::add);
    }
    all.addAll(List.of("", "CPU: " + CpuFeatures.current().model()));
    replace(table, all);
  }
}
