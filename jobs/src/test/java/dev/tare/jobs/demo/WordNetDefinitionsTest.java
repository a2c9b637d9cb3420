package dev.tare.jobs.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class WordNetDefinitionsTest {

  @Test
  void definitionStandsBehindTheBarAndBeforeTheExamples() {
    assertThat(WordNetDefinitions.definition("001 03 n 01 thing 0 000 | a thing; \"a thing\"  "))
        .hasValue("a thing");
    assertThat(WordNetDefinitions.definition("1 2 | an act: \"he acted\"; \"so did she\""))
        .hasValue("an act");
    assertThat(WordNetDefinitions.definition("1 2 | spread (\"straw\" is old); \"strew toys\""))
        .hasValue("spread (\"straw\" is old)");
    assertThat(WordNetDefinitions.definition("1 2 | \"only an example\"")).isEmpty();
  }

  @Test
  void licenceLinesAndLinesWithoutBarHaveNone() {
    assertThat(WordNetDefinitions.definition("  1 This software | and database")).isEmpty();
    assertThat(WordNetDefinitions.definition("no bar")).isEmpty();
  }

  @Test
  void wholeWordNetIsRead() throws IOException {
    List<String> all =
        WordNetDefinitions.read(
            Path.of(System.getProperty("tare.assets"), "net/sf/extjwnl/data/wordnet/wn31"));
    assertThat(all).hasSizeGreaterThan(117_000).noneMatch(String::isBlank);
    assertThat(all.get(0))
        .isEqualTo(
            "that which is perceived or known or inferred to have its own distinct existence"
                + " (living or nonliving)");
  }
}
