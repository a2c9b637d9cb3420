package dev.tare.jobs.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.CompensationTrial;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.PassTrials;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.Stability;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class PageTest {

  /** Names that would do harm, or a layout in, if they were not text. */
  static final List<String> HOSTILE =
      List.of(
          "<script>alert(1)</script>",
          "</script><script>alert(2)</script>",
          "\"><img src=x onerror=alert(3)>",
          "' onmouseover='alert(4)",
          "../../etc/passwd",
          "emoji \uD83D\uDE80 and \u202Ertl",
          "${name} $unsafe{x} @if(true)",
          "long " + "x".repeat(10_000));

  @Test
  void hostileNamesAreText() throws IOException {
    String html = Contents.html(Contents.of(HOSTILE));
    String before = Contents.html(Contents.of(List.of("a", "b")));

    assertThat(html)
        .contains("&lt;script&gt;alert(1)&lt;/script&gt;")
        .contains("&lt;img src=x onerror=alert(3)&gt;")
        .contains("../../etc/passwd", "\uD83D\uDE80", "${name} $unsafe{x} @if(true)")
        .contains("x".repeat(10_000))
        .doesNotContain("<img")
        .doesNotContain("<script>alert");
    assertThat(occurrences(html, "<script")).isEqualTo(occurrences(before, "<script"));
  }

  @Test
  void sameContentGivesSameBytes() throws IOException {
    String once = Contents.html(Contents.of("run", 40, 64, 1));
    assertThat(Contents.html(Contents.of("run", 40, 64, 1))).isEqualTo(once);
    assertThat(Contents.html(Contents.of("run", 40, 64, 2))).isNotEqualTo(once);
  }

  @Test
  void nothingIsFetchedFromAnywhere() throws IOException {
    String html = Contents.html(Contents.of("run", 4, 24, 1));
    assertThat(html).doesNotContain("http:", "https:", "src=", "url(", "@import");
    assertThat(html).contains("<link rel=\"icon\" href=\"data:,\">");
  }

  @Test
  void verdictAndNumbersComeFirst() throws IOException {
    String html = Contents.html(Contents.of("nightly-7", 4, 24, 1));
    assertThat(html)
        .containsSubsequence(
            "<html lang=\"en\">",
            "<h1>nightly-7</h1>",
            "Gate passed",
            "<b>3.9×</b> smaller",
            "<b>1.8×</b> faster",
            "cosine <b>0.99292</b>",
            "worst sample <b>0.97550</b>",
            "Limits: mean cosine at least 0.95.",
            "cosine, mean",
            "0.99292",
            "0.97550",
            "18.49 dB",
            "93.40 %",
            "Float against quantized",
            "Layers by depth",
            "Layers to leave in float",
            "Estimate",
            "Quantized tensors by damage",
            "About this run",
            "m.onnx",
            "int8");
    assertThat(html).contains("<details class=\"facts\">").contains("same class");
    assertThat(
            Pattern.compile("<a href=\"#([a-z]+)\">").matcher(html).results().map(m -> m.group(1)))
        .isNotEmpty()
        .allSatisfy(id -> assertThat(html).contains("<h2 id=\"" + id + "\">"));
  }

  @Test
  void classesAreNotAskedOfEmbeddings() throws IOException {
    RunContent run = Contents.of(List.of("x", "w"));
    Quality.OutputQuality tokens = run.quality().orElseThrow().outputs().get(0);
    Quality.OutputQuality old = Contents.vector(tokens, false, Optional.empty());
    assertThat(Contents.html(Contents.with(run, List.of(old)))).contains("same class");
    Quality.OutputQuality pooled = Contents.vector(tokens, true, Optional.empty());
    assertThat(Contents.html(Contents.with(run, List.of(old, pooled))))
        .contains("y (mean-pooled, normalized)")
        .doesNotContain("same class", "83.30 %");
  }

  @Test
  void tensorsStandByDamage() throws IOException {
    String html = Contents.html(Contents.of("run", 60, 24, 1));
    List<Double> sqnrs =
        Pattern.compile(
                "</th><td class=\"n\" data-v=\"([0-9.]+)\">[0-9.]+</td><td class=\"n\""
                    + " data-v=\"[^\"]*\">[^<]*</td><td class=\"w\"")
            .matcher(html)
            .results()
            .map(match -> Double.parseDouble(match.group(1)))
            .toList();
    assertThat(sqnrs).hasSize(60).isSorted();
  }

  @Test
  void rowTellsErrorsChannelsAndOrigins() throws IOException {
    String html = Contents.html(Contents.of(List.of("x", "w")));
    assertThat(html)
        .contains("33.98 dB", "rounding alone", "43.01 dB", "clipping alone")
        .contains("11.11 % of the noise; 0.10 % of the values saturate")
        .contains("data/part-0.parquet, row 17", "12".repeat(32), "sample not recorded")
        .contains("with mse", "36.25 dB", "clips 0.002 %; −1.4 … 3.5", "with 16 bits")
        .contains("Channel 20 reaches furthest", "4.25");
  }

  @Test
  void whatIsMissingIsSaid() throws IOException {
    RunContent whole = Contents.of(List.of("x", "w"));
    RunContent poor =
        new RunContent(
            whole.manifests(),
            whole.manifestSha256(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Map.of(),
            Map.of(),
            List.of(),
            List.of("There is no plan, so no table of tensors."));
    assertThat(Contents.html(poor))
        .contains("Not evaluated", "Not in this page:", "There is no plan, so no table of tensors.")
        .doesNotContain("<table", "Gate passed");
    RunContent undrawn =
        new RunContent(
            whole.manifests(),
            whole.manifestSha256(),
            whole.plan(),
            whole.quality(),
            Optional.of(
                new PlacementTrials(
                    "onnxruntime",
                    List.of(
                        new PlacementTrials.Trial(
                            "inputs",
                            true,
                            "the fastest",
                            Optional.of(
                                new PlacementTrials.Figures(
                                    64,
                                    "y",
                                    21.5,
                                    .99,
                                    new Latency("cpu", 2, 8, "x", 40, 1, .75, .75, .74, .76)))),
                        new PlacementTrials.Trial(
                            "outputs", false, "the same as inputs", Optional.empty())))),
            Optional.of(
                new PassTrials(
                    32,
                    "y",
                    List.of(
                        new PassTrials.Trial(List.of("bias-correction"), false, 19, .98),
                        new PassTrials.Trial(List.of(), true, 21.5, .99)))),
            Optional.empty(),
            Optional.empty(),
            Optional.of(
                new Stability(
                    8, 640, List.of(new Stability.Change("h", .5), new Stability.Change("x", 0)))),
            Map.of(),
            Map.of(),
            Map.of(),
            List.of(),
            List.of());
    assertThat(Contents.html(undrawn))
        .contains("No statistics of this tensor were found.", "No integers of this weight")
        .contains("placement inputs", "0.75 of the float model's time", "chosen: the fastest")
        .contains("placement outputs", "not measured", "the same as inputs")
        .contains("more samples", "by at most 0.50 dB", "8 parts of 640 samples")
        .contains("scale of h", "at most 0.50 dB by twice as many samples")
        .doesNotContain("scale of x")
        .contains("passes: bias-correction", "passes: no pass", "SQNR 21.50 dB on 32 calibration");
  }

  @Test
  void comparisonShowsBothRunsAndWhatMoved() throws IOException {
    Page page = Page.of(Contents.of("new", 20, 24, 2), Optional.of(Contents.of("old", 18, 24, 1)));
    String html = Contents.html(page);
    assertThat(html)
        .contains("Compared with old", "Tensors that moved most", "Quantized in new only (2)")
        .contains("×1.7")
        .doesNotContain("Quantized in old only");
    assertThat(page.comparison().orElseThrow().moved()).hasSize(9);
    Page same = Page.of(Contents.of("a", 20, 24, 1), Optional.of(Contents.of("b", 20, 24, 1)));
    assertThat(Contents.html(same))
        .contains("None of the 20 tensors that both runs quantize has another scale");
  }

  private static int occurrences(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  @Test
  void aCompensationSaysWhatWasTriedAndWhyItWasRefused() throws IOException {
    RunContent run = Contents.of("run", 6, 24, 1);
    assertThat(Contents.html(run)).doesNotContain("Compensation");
    String refused =
        Contents.html(Contents.compensated(run, CompensationTrial.Verdict.UNCERTAIN))
            .replace('\n', ' ');
    assertThat(refused)
        .contains("<a href=\"#compensation\">Compensation</a>")
        .contains(
            "It may hurt on other samples; the model stays as it is. Compared was y on "
                + Figures.count(1032)
                + " samples")
        .contains("<td class=\"n\">17.29</td><td class=\"n\">17.48</td>")
        .contains("<td class=\"n\">−0.03 to +0.41</td>")
        .contains("<td class=\"n\">0.99201</td><td class=\"n\">0.99254</td>")
        .contains("found in 2 passes over 96 samples")
        .contains("1 has a line of 2 products compared, lines for 300 of 1920 channels")
        .contains("/encoder/layer.0/attention/self/query/MatMul</th><td class=\"n\">300 of 384<")
        .contains(
            "&lt;b&gt;dense&lt;/b&gt;</th><td class=\"n\">none of " + Figures.count(1536) + "<")
        .contains("25.00 %")
        .contains("1 product left alone: its sum has factors");
    assertThat(Contents.html(Contents.compensated(run, CompensationTrial.Verdict.KEPT)))
        .contains("<p>Kept. Compared was y on ");
  }
}
