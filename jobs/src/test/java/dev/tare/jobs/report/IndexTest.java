package dev.tare.jobs.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexTest {

  private static final Path EARLIER =
      Path.of("src", "test", "resources", "dev", "tare", "jobs", "run", "run-v1", "run");

  @TempDir Path folder;
  private final Configuration hadoop = HadoopSettings.ofDriver();

  @Test
  void modelsHaveTheirRunsNewestFirst() throws IOException {
    String html = Contents.html(Contents.index());
    assertThat(html)
        .containsSubsequence(
            "<h1>Runs in runs</h1>",
            "<b>17</b> evaluated runs",
            "<b>3</b> models",
            "<b>16</b> passed",
            "<b>1</b> failed",
            "bge-small/onnx/model.onnx</h2>",
            "Newest: <span class=\"pill passed\">passed</span> 2026-11-05 03:15",
            "+0.00500 since the run before",
            "trial-b",
            "trial-a",
            "minilm-l6.onnx</h2>",
            "cosine: mean, and worst sample below",
            "nightly/2026-11-14",
            "nightly/2026-11-09",
            "pill failed",
            "nightly/2026-11-01",
            "ppocr-rec.onnx</h2>",
            "Other runs",
            "statistics/week-47",
            "unreadable: no JSON");
    assertThat(Contents.html(Contents.index())).isEqualTo(html);
    assertThat(html).doesNotContain("http:", "https:", "src=", "url(");
  }

  @Test
  void namesAreText() throws IOException {
    RunsPage page =
        new RunsPage(
            "<b>",
            ModelHistory.of(List.of(Contents.entry("a<script>", "m.onnx", 1, .99))),
            List.of(new RunEntry.Other("<img src=x>", "", "\"><script>")));
    assertThat(Contents.html(page))
        .contains("Runs in &lt;b&gt;", "a&lt;script&gt;", "&lt;img src=x&gt;")
        .contains("<b>1</b> evaluated run<")
        .doesNotContain("<img", "failed</span>");
  }

  @Test
  void runsBelowAFolderAreRead() throws IOException {
    Path root = Files.createDirectory(folder.resolve("runs"));
    copy(EARLIER, root.resolve("team/first"));
    copy(EARLIER, root.resolve("second"));
    copy(EARLIER, root.resolve("damaged"));
    Files.writeString(root.resolve("damaged/quality.json"), "{}");
    copy(EARLIER, root.resolve("broken"));
    Files.delete(root.resolve("broken/manifest.json"));
    Path out = folder.resolve("index.html");
    IndexJob job = IndexJob.of(root.toString(), hadoop).orElseThrow();
    assertThat(job.runs()).isEqualTo(4);
    assertThat(job.write(out.toString()).toUri().getPath()).isEqualTo(out.toString());
    String html = Files.readString(out);
    assertThat(html)
        .contains("<h1>Runs in runs</h1>", "<b>2</b> evaluated runs", ">team/first</th>")
        .contains("run-v1/model.onnx</h2>", "2026-11-26 19:00", "0.99999", "pill passed")
        .contains("unreadable: Run ", "is damaged", "without a manifest")
        .doesNotContain(folder.toString() + "/runs/second");
    job.write(out.toString());
    assertThat(out).hasContent(html);
    assertThat(html).doesNotContain("<a href=\"./");
    Path page = folder.resolve("team/first.html");
    Files.createDirectories(page.getParent());
    Files.createFile(page);
    job.write(out.toString());
    assertThat(Files.readString(out))
        .contains("<a href=\"./team/first.html\">team/first</a>", ">second</th>");
    assertThatThrownBy(() -> job.write(root.resolve("second/p.html").toString()))
        .hasMessageContaining("Refusing to write the page");
  }

  @Test
  void runsNamesAndEmptyFoldersHaveNoIndex() throws IOException {
    Path run = folder.resolve("run");
    copy(EARLIER, run);
    assertThat(IndexJob.of(run.toString(), hadoop)).isEmpty();
    Files.createDirectories(folder.resolve("name/_LATEST"));
    assertThat(IndexJob.of(folder.resolve("name").toString(), hadoop)).isEmpty();
    assertThat(IndexJob.of(Files.createDirectory(folder.resolve("e")).toString(), hadoop))
        .isEmpty();
    assertThat(IndexJob.of(folder.resolve("nowhere").toString(), hadoop)).isEmpty();
    assertThat(IndexJob.of(run.resolve("plan.json").toString(), hadoop)).isEmpty();
    assertThat(IndexJob.of(folder.toString(), hadoop)).isPresent();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path copy = to.resolve(from.relativize(file).toString());
        Files.createDirectories(Files.isDirectory(file) ? copy : copy.getParent());
        if (!Files.isDirectory(file)) {
          Files.copy(file, copy);
        }
      }
    }
  }
}
