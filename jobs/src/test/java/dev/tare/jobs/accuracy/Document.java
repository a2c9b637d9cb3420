package dev.tare.jobs.accuracy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
