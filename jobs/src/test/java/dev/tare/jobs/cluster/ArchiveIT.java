package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is in the archive of a release; {@link ReadmeIT} unpacks and uses it. */
@Tag("slow")
class ArchiveIT {

  private static final String JAR = System.getProperty("tare.jar");
  private static final Path ARCHIVE = Path.of(JAR.replaceFirst("\\.jar$", ".tar.gz"));
  private static final String TOP =
      ARCHIVE.getFileName().toString().replaceFirst("\\.tar\\.gz$", "/");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(#[^)]*)?\\)");

  private static final Map<String, TarArchiveEntry> ENTRIES = new TreeMap<>();
  private static final Map<String, String> DOCUMENTS = new TreeMap<>();

  @BeforeAll
  static void list() throws IOException {
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(
            new GZIPInputStream(new BufferedInputStream(Files.newInputStream(ARCHIVE)), 1 << 16))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        assertThat(entry.getName()).startsWith(TOP);
        String name = entry.getName().substring(TOP.length());
        assertThat(ENTRIES.put(name, entry)).as(name).isNull();
        if (name.endsWith(".md")) {
          DOCUMENTS.put(name, new String(tar.readAllBytes(), StandardCharsets.UTF_8));
        }
      }
    }
  }

  @Test
  void itHasWhatRunsNeedAndNothingOfTheMachineThatBuiltIt() {
    assertThat(ENTRIES.keySet())
        .contains(
            "README.md",
            "bin/tare",
            "lib/" + Path.of(JAR).getFileName(),
            "lib/build.properties",
            "lib/s3a/hadoop-aws-3.4.2.jar",
            "conf/log4j2.properties",
            "conf/spark-defaults.conf",
            "conf/recipes/int8.conf",
            "conf/targets/openvino.conf",
            "deploy/airflow/tare_nightly.py",
            "demo/all-minilm-l6-v2.onnx",
            "demo/net/sf/extjwnl/data/wordnet/wn31/data.noun",
            "notebooks/explore-statistics.ipynb",
            "notebooks/requirements.txt")
        .allMatch(
            name -> name.matches("README.md|(bin|lib|conf|deploy|demo|notebooks)/.*|.*/docs/.*"))
        .noneMatch(
            name -> name.matches(".*(__pycache__|ipynb_checkpoints|/logs/|\\.pyc|\\.html).*"));
    long built = ENTRIES.get("README.md").getLastModifiedTime().toMillis();
    ENTRIES.forEach(
        (name, entry) -> {
          boolean executable = entry.isDirectory() || name.equals("bin/tare");
          assertThat(entry.getMode() & 0777).as(name).isEqualTo(executable ? 0755 : 0644);
          assertThat(entry.getLongUserId()).as(name).isZero();
          assertThat(entry.getLongGroupId()).as(name).isZero();
          assertThat(entry.getLastModifiedTime().toMillis()).as(name).isEqualTo(built);
        });
  }

  /** Source code stays in the repository; every other link leads to a file of the archive. */
  @Test
  void itsDocumentsLinkToWhatItHas() {
    assertThat(DOCUMENTS).containsKeys("README.md", "jobs/docs/sql.md", "conf/recipes/README.md");
    DOCUMENTS.forEach(
        (name, text) -> {
          Path here = Path.of("/", name).getParent();
          for (MatchResult link : LINK.matcher(text).results().toList()) {
            String target = here.resolve(link.group(1)).normalize().toString().substring(1);
            assertThat(target.contains("/src/") || ENTRIES.containsKey(target))
                .as("%s links to %s", name, link.group(1))
                .isTrue();
          }
        });
  }
}
