package dev.tare.jobs.run;

import dev.tare.jobs.law.MiniLm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A month of the sentence-embedding model: a calibration every week on a few real definitions, and
 * one run of all stages. In the last week texts are longer.
 */
public final class TextRuns {

  private static final int DEFINITIONS = 12;
  private static final int JOINED = 4;
  private static final List<String> WEEKS =
      List.of("2026-11-01", "2026-11-08", "2026-11-15", "2026-11-22");

  private TextRuns() {}

  /** Makes the runs in {@code target/sql-document}, once a build. */
  public static Path made() throws IOException {
    return SharedFolder.of("sql-document", TextRuns::make).resolve("runs");
  }

  private static void make(Path folder) throws IOException {
    Path root = Files.createDirectories(folder.resolve("runs"));
    List<String> texts = MiniLm.definitions(DEFINITIONS * (WEEKS.size() + JOINED));
    int next = 0;
    for (String week : WEEKS) {
      List<String> lines = new ArrayList<>();
      boolean last = week.equals(WEEKS.get(WEEKS.size() - 1));
      for (int i = 0; i < DEFINITIONS; i++) {
        int size = last ? JOINED : 1;
        lines.add(texts.subList(next, next + size).stream().collect(Collectors.joining("; ")));
        next += size;
      }
      Path data = folder.resolve("texts").resolve(week + ".txt");
      MiniLm.write(data, lines);
      tare("calibrate", data, root.resolve("calibrated-" + week));
    }
    Path data = folder.resolve("texts").resolve(WEEKS.get(0) + ".txt");
    tare(
        "run",
        data,
        root.resolve("int8-2026-11-02"),
        "--recipe",
        "int8",
        "--eval-data",
        data.toString(),
        "--eval-samples",
        "8");
  }

  private static void tare(String command, Path data, Path output, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                command,
                "--model",
                MiniLm.model().toString(),
                "--tokenizer",
                MiniLm.tokenizer().toString(),
                "--data",
                data.toString(),
                "--output",
                output.toString()));
    arguments.addAll(List.of(more));
    CommandLine.tare(arguments.toArray(String[]::new)).ends(0);
  }
}
