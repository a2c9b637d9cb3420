package dev.tare.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every command line in a document is one that Tare takes, with its options and values, or is in a
 * list with the reason why it is not checked here. {@code ReadmeIT} types those of README.md.
 */
class DocumentedLinesTest {

  private static final Path ROOT = Path.of(System.getProperty("tare.root"));

  private static final List<String> PLACES =
      List.of("README.md", "conf", "deploy", "jobs/docs", "notebooks", "engine/docs");

  /** Beginnings of lines that are no commands of Tare, and who types them. */
  private static final TreeMap<String, String> OTHERS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("mvn ", "the build that runs this test"),
              Map.entry("tar xzf tare-", "ReadmeIT types it"),
              Map.entry("pip install pyspark==", "ReadmeIT types it"),
              Map.entry("pip install tare_spark-", "ReadmeIT types it"),
              Map.entry("pip install -r notebooks/", "NotebookIT's environment"),
              Map.entry("python3 -c 'import tare", "ReadmeIT types it"),
              Map.entry("python3 jobs/src/test/python/", "measurements by hand: minutes, no test"),
              Map.entry("python3 -m venv ", "needs the network for what is installed"),
              Map.entry("jupyter nbconvert ", "NotebookIT"),
              Map.entry("airflow ", "AirflowIT"),
              Map.entry("/opt/airflow/bin/pip ", "AirflowIT's environment"),
              Map.entry("export PATH=/opt/airflow", "AirflowIT's environment"),
              Map.entry("openvino/bin/", "OpenVinoTest"),
              Map.entry("java -cp ", "measurements by hand: minutes, no test"),
              Map.entry("engine/target/torch-venv/", "a comparison by hand with PyTorch"),
              Map.entry("jobs/target/python/", "measurements of peers by hand")));

  private static final Pattern TARE =
      Pattern.compile(
          "^(?:/usr/bin/time .*? )?(?:\\S*/)?tare (.*)$"
              + "|^(?:\\S*/)?spark-submit .*--class dev\\.tare\\.jobs\\.Tare \\S+ (.*)$");

  private static final Pattern WORD =
      Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"|'([^']*)'|(\\S+)");

  /** Options of Spark before the subcommand, which take a value unless it follows by {@code =}. */
  private static final Set<String> OF_SPARK =
      Set.of("--master", "--conf", "--properties-file", "--packages", "--exclude-packages");

  /** Words of documents that stand for a value of another type than a path or a name. */
  private static final Map<String, String> PLACEHOLDERS = Map.of("N", "8", "R", "0.9");

  private static final Pattern SPAN = Pattern.compile("`(?:\\S*/)?tare ([a-z]+ [^`]+)`");

  private record Line(String place, String text) {}

  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    for (String place : PLACES) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(place))) {
        files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
      }
    }
    return documents;
  }

  /** The lines of all blocks that are in no language, or in a shell's. */
  private static List<Line> lines() throws IOException {
    List<Line> lines = new ArrayList<>();
    for (Path document : documents()) {
      lines.addAll(blocks(document));
    }
    return lines;
  }

  private static List<Line> blocks(Path file) throws IOException {
    List<Line> lines = new ArrayList<>();
    boolean inside = false;
    boolean shell = false;
    String begun = "";
    for (String line : Files.readAllLines(file)) {
      if (line.strip().startsWith("```")) {
        inside = !inside;
        shell = Set.of("```", "```sh", "```bash").contains(line.strip());
      } else if (inside && shell) {
        String text = begun + line.strip();
        begun = text.endsWith("\\") ? text.substring(0, text.length() - 1) : "";
        if (begun.isEmpty()) {
          lines.add(
              new Line(
                  ROOT.relativize(file).toString(), text.replaceFirst("\\s+# .*$", "").strip()));
        }
      }
    }
    return lines;
  }

  @Test
  void everyLineOfTareIsTakenWithItsOptions() throws IOException {
    List<String> checked = new ArrayList<>();
    for (Line line : lines()) {
      var matcher = TARE.matcher(line.text());
      if (matcher.matches()) {
        assertTaken(line, matcher.group(1) == null ? matcher.group(2) : matcher.group(1), false);
        checked.add(line.place());
      }
    }
    assertThat(checked).contains("README.md", "conf/README.md", "notebooks/README.md");
    assertThat(checked.stream().filter("README.md"::equals)).hasSizeGreaterThan(4);
  }

  /** In running text, where a command may be cut short. */
  @Test
  void commandsInsideSentencesAreTakenToo() throws IOException {
    int checked = 0;
    for (Path document : documents()) {
      String place = ROOT.relativize(document).toString();
      for (MatchResult span : SPAN.matcher(Files.readString(document)).results().toList()) {
        String arguments = span.group(1).replaceAll("\\s+", " ");
        assertTaken(new Line(place, arguments), arguments, true);
        checked++;
      }
    }
    assertThat(checked).isGreaterThan(10);
  }

  /**
   * @param cutShort whether required options may be missing
   */
  private static void assertTaken(Line line, String arguments, boolean cutShort) {
    List<String> words = new ArrayList<>();
    for (MatchResult word : WORD.matcher(arguments).results().toList()) {
      words.add(
          Stream.of(word.group(1), word.group(2), word.group(3))
              .filter(Objects::nonNull)
              .findFirst()
              .orElseThrow());
    }
    words.replaceAll(word -> PLACEHOLDERS.getOrDefault(word, word));
    while (words.get(0).startsWith("--") && OF_SPARK.contains(words.get(0))) {
      words.subList(0, 2).clear();
    }
    boolean open = words.remove("...") || cutShort;
    // What a file of settings says is not known here.
    open |= words.contains("--config");
    int config = words.indexOf("--config");
    if (config >= 0) {
      words.subList(config, config + 2).clear();
    }
    StringWriter err = new StringWriter();
    PrintWriter writer = new PrintWriter(err, true);
    int code = new RecordedCommands(new ArrayList<>(), writer, writer).run(words);
    boolean onlyMissing = open && err.toString().contains("Missing required ");
    assertThat(code == 0 || onlyMissing).as("%s: %s%n%s", line.place(), line.text(), err).isTrue();
  }

  /** Blocks of no language also show what is printed; only known beginnings are commands. */
  @Test
  void whatIsNotCheckedHereIsListedAndStillThere() throws IOException {
    Set<String> found = new TreeSet<>();
    List<String> unknown = new ArrayList<>();
    for (Line line : lines()) {
      List<String> known = OTHERS.keySet().stream().filter(line.text()::startsWith).toList();
      found.addAll(known);
      String first = line.text().split("\\s", 2)[0];
      boolean program =
          Arrays.asList("pip", "python3", "mvn", "java", "tar", "jupyter", "airflow", "spark-sql")
              .contains(first);
      if (program && known.isEmpty()) {
        unknown.add(line.place() + ": " + line.text());
      }
    }
    assertThat(unknown).as("lines that nothing accounts for").isEmpty();
    assertThat(OTHERS.keySet()).as("beginnings that no document has").isEqualTo(found);
  }
}
