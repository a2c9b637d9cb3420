package dev.tare.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The tables of exit codes that people read are complete. */
class ExitCodesTest {

  private static final Pattern ROW = Pattern.compile("(?m)^\\| ([0-9]+(?:, [0-9]+)*) \\| ");
  private static final Pattern LINE = Pattern.compile("(?m)^  ([0-9]+) +[a-z]");

  private static Set<Integer> all() {
    return Arrays.stream(ExitCode.values())
        .map(ExitCode::code)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<Integer> codes(Pattern rows, String text) {
    Set<Integer> codes = new TreeSet<>();
    Matcher row = rows.matcher(text);
    while (row.find()) {
      for (String code : row.group(1).split(", ", -1)) {
        codes.add(Integer.valueOf(code));
      }
    }
    return codes;
  }

  @Test
  void readmeNamesEachAndNoOther() throws IOException {
    assertThat(codes(ROW, Files.readString(Path.of("../README.md")))).isEqualTo(all());
  }

  @Test
  void configurationsReadmeNamesEachAndNoOther() throws IOException {
    assertThat(codes(ROW, Files.readString(Path.of("../conf/README.md")))).isEqualTo(all());
  }

  @Test
  void helpNamesEachAndNoOther() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    int code = new Tare(stream, stream).run("--help");
    assertThat(code).isZero();
    String help = out.toString(StandardCharsets.UTF_8);
    assertThat(codes(LINE, help.substring(help.indexOf("Exit codes")))).isEqualTo(all());
  }
}
