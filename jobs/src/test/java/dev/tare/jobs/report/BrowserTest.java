package dev.tare.jobs.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.artifact.CompensationTrial;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The page in a browser; screenshots go to {@code target/report}. */
@Tag("slow")
class BrowserTest {

  private static final Path PICTURES = Path.of("target", "report").toAbsolutePath();
  private static final String NAMES =
      "Array.from(document.querySelectorAll('#table tbody:not([hidden]) .open')).map(b =>"
          + " b.textContent)";

  /** Height of the documentation's picture: to the first drawing of the first row. */
  private static final int PICTURE = 1300;

  /** The browser may write into its profile until it is gone. */
  @TempDir(cleanup = CleanupMode.NEVER)
  static Path profile;

  @TempDir Path folder;
  private static Chromium browser;

  @BeforeAll
  static void start() throws IOException {
    browser = Chromium.start(profile);
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
  }

  private Path open(RunContent content) throws IOException {
    return open(Page.of(content, Optional.empty()));
  }

  private Path open(Page page) throws IOException {
    Path file = Files.writeString(folder.resolve("report.html"), Contents.html(page));
    browser.scripts(true);
    browser.screen(1200, 900, false);
    browser.open(file);
    return file;
  }

  private static void assertQuiet(Path page) throws IOException {
    assertThat(browser.complaints()).isEmpty();
    assertThat(browser.requests(page)).isEmpty();
  }

  @Test
  void hostileNamesAreShownAndNeverRun() throws IOException {
    Path page = open(Contents.of(PageTest.HOSTILE));
    for (String name : PageTest.HOSTILE) {
      String literal = com.fasterxml.jackson.databind.node.TextNode.valueOf(name).toString();
      assertThat(browser.evaluate(NAMES + ".includes(" + literal + ")")).as(name).isEqualTo("true");
    }
    assertThat(browser.evaluate("document.querySelectorAll('img').length")).isEqualTo("0");
    assertFits(1200);
    browser.screen(360, 780, false);
    assertFits(360);
    browser.screenshot(PICTURES.resolve("hostile.png"));
    assertQuiet(page);
  }

  private static void assertFits(int width) throws IOException {
    assertThat(browser.evaluate("document.documentElement.scrollWidth")).isEqualTo("" + width);
  }

  @Test
  void headersSortOnClickAndSaySo() throws IOException {
    Path page = open(Contents.of("run", 40, 64, 1));
    String keys =
        "Array.from(document.querySelectorAll('#table tbody')).map(b =>"
            + " Number(b.rows[0].cells[%d].dataset.v))";
    String ascending = keys + ".every((v, i, a) => i === 0 || a[i - 1] <= v)";
    String descending = keys + ".every((v, i, a) => i === 0 || a[i - 1] >= v)";
    assertThat(browser.evaluate(ascending.formatted(1))).isEqualTo("true");
    click(2);
    assertThat(browser.evaluate(ascending.formatted(2))).isEqualTo("true");
    assertThat(browser.evaluate(sortedBy(2))).isEqualTo("ascending");
    click(2);
    assertThat(browser.evaluate(descending.formatted(2))).isEqualTo("true");
    assertThat(browser.evaluate(sortedBy(2))).isEqualTo("descending");
    assertThat(browser.evaluate(sortedBy(1))).isEqualTo("null");
    click(0);
    assertThat(browser.evaluate(NAMES + ".every((v, i, a) => i === 0 || a[i - 1] <= v)"))
        .isEqualTo("true");
    assertQuiet(page);
  }

  private static String header(int column) {
    return "document.querySelectorAll('#table thead th')[%d]".formatted(column);
  }

  private static String sortedBy(int column) {
    return "String(" + header(column) + ".getAttribute('aria-sort'))";
  }

  private static void click(int column) throws IOException {
    browser.evaluate(header(column) + ".querySelector('button').click()");
  }

  @Test
  void rowOpensByKeyboardAndShowsItsDrawings() throws IOException {
    Path page = open(Contents.of("run", 6, 64, 1));
    String detail = "document.querySelector('#table .d')";
    assertThat(browser.evaluate(detail + ".offsetHeight")).isEqualTo("0");
    browser.evaluate("document.querySelector('#table .open').focus()");
    browser.press("Enter", "\r");
    assertThat(browser.evaluate("document.querySelector('#table .open').ariaExpanded"))
        .isEqualTo("true");
    assertThat(Integer.parseInt(browser.evaluate(detail + ".offsetHeight"))).isGreaterThan(200);
    assertThat(browser.evaluate(detail + ".querySelectorAll('svg[role=img] title').length"))
        .isEqualTo("2");
    browser.press("Enter", "\r");
    assertThat(browser.evaluate(detail + ".offsetHeight")).isEqualTo("0");
    assertQuiet(page);
  }

  @Test
  void filterLeavesWhatWasAskedFor() throws IOException {
    Path page = open(Contents.of("run", 40, 24, 1));
    browser.evaluate(
        "const f = document.getElementById('find'); f.value = 'LAYER.7/'; f.dispatchEvent(new"
            + " Event('input'))");
    assertThat(browser.evaluate("document.getElementById('shown').textContent"))
        .isEqualTo("2 of 40 tensors");
    browser.evaluate(
        "const r = document.getElementById('role'); r.value = 'weight'; r.dispatchEvent(new"
            + " Event('change'))");
    assertThat(browser.evaluate(NAMES + ".join()"))
        .isEqualTo("/encoder/layer.7/intermediate/dense/MatMul_weight");
    assertQuiet(page);
  }

  @Test
  void pageReadsOnAPhoneInTheDarkAndWithoutScript() throws IOException {
    Page page =
        Page.of(Contents.of("tonight", 40, 64, 2), Optional.of(Contents.of("last", 40, 64, 1)));
    Path file = open(page);
    String background = "getComputedStyle(document.body).backgroundColor";
    assertThat(browser.evaluate(background)).isEqualTo("rgb(255, 255, 255)");
    browser.screenshot(PICTURES.resolve("wide.png"));
    assertFits(1200);
    browser.screen(360, 780, true);
    assertFits(360);
    assertThat(browser.evaluate(background)).isEqualTo("rgb(20, 24, 29)");
    browser.screenshot(PICTURES.resolve("phone-dark.png"));
    browser.evaluate("document.querySelector('#table .open').click()");
    browser.evaluate("document.getElementById('tensors').scrollIntoView()");
    browser.screenshot(PICTURES.resolve("phone-dark-tensors.png"));
    assertThat(
            Integer.parseInt(
                browser.evaluate("document.querySelector('#table .open').offsetWidth")))
        .as("a name has room")
        .isGreaterThan(150);
    assertQuiet(file);

    browser.scripts(false);
    browser.screen(1200, 900, false);
    browser.open(file);
    assertThat(browser.evaluate("document.querySelectorAll('#table tbody details').length"))
        .isEqualTo("40");
    assertThat(
            Integer.parseInt(browser.evaluate("document.querySelector('#table .d').offsetHeight")))
        .as("without a script every row has its details to open")
        .isGreaterThan(10);
    assertThat(browser.evaluate("getComputedStyle(document.querySelector('.filter')).display"))
        .isEqualTo("none");
  }

  @Test
  void indexOfRunsReadsWideAndNarrow() throws IOException {
    Path page = Files.writeString(folder.resolve("runs.html"), Contents.html(Contents.index()));
    browser.scripts(true);
    browser.screen(1280, 900, false);
    browser.open(page);
    assertFits(1280);
    whole(1280, false, "index-wide.png");
    whole(390, true, "index-phone-dark.png");
    assertFits(390);
    assertThat(browser.evaluate("document.querySelectorAll('.runs tbody').length")).isEqualTo("17");
    assertQuiet(page);
  }

  /** The whole page, not only what a screen shows of it. */
  private static void whole(int width, boolean dark, String name) throws IOException {
    browser.screen(width, 900, dark);
    int height = Integer.parseInt(browser.evaluate("document.documentElement.scrollHeight"));
    browser.screen(width, Math.min(height, 9000), dark);
    browser.screenshot(PICTURES.resolve(name));
  }

  @Test
  void everyOperatorCanBeReachedFromItsBar() throws IOException {
    Path page = open(Contents.of("run", 80, 24, 1));
    String shown =
        "Array.from(document.querySelectorAll('#operators tbody')).filter(b => b.offsetHeight >"
            + " 0).length";
    assertThat(browser.evaluate("document.querySelectorAll('.graph a').length")).isEqualTo("40");
    assertThat(browser.evaluate(shown)).isEqualTo("15");
    browser.evaluate(
        "location.hash = Array.from(document.querySelectorAll('#operators tbody')).at(-1).id");
    assertThat(browser.evaluate(shown)).isEqualTo("16");
    browser.evaluate("document.querySelector('.more').click()");
    assertThat(browser.evaluate(shown)).isEqualTo("40");
    assertQuiet(page);
  }

  @Test
  void fiveThousandTensorsAreSortedInSeconds() throws IOException {
    Path page = open(Contents.of("large", 5000, ReportJob.COLUMNS_OF_MANY, 1));
    assertThat(Files.size(page)).isLessThan(15_000_000);
    double before = browser.seconds();
    browser.evaluate(header(2) + ".querySelector('button').click(); document.body.offsetHeight");
    double seconds = browser.seconds() - before;
    assertThat(seconds).isLessThan(5);
    assertThat(browser.evaluate(NAMES + ".length")).isEqualTo("5000");
    assertThat(List.of(browser.evaluate("document.getElementById('shown').textContent")))
        .containsExactly("5000 tensors");
    System.out.printf(
        "5,000 tensors: %.1f MB, opened in %.2f s, sorted in %.2f s%n",
        Files.size(page) / 1e6, before, seconds);
    assertQuiet(page);
  }

  /** Of a page of a real run where one is named: so the documentation's picture is made. */
  @Test
  void pictureShowsNumbersAndAnOpenRow() throws IOException {
    String named = System.getProperty("tare.report.page", "");
    RunContent content =
        Contents.compensated(Contents.of("run", 6, 64, 1), CompensationTrial.Verdict.UNCERTAIN);
    Path page = named.isEmpty() ? open(content) : Path.of(named);
    browser.scripts(true);
    browser.open(page.toAbsolutePath());
    browser.evaluate(
        "document.querySelectorAll('#compensation ~ details').forEach(d => d.open = true)");
    whole(1280, false, "page-wide.png");
    whole(1280, true, "page-wide-dark.png");
    whole(390, false, "page-phone.png");
    assertFits(390);
    whole(390, true, "page-phone-dark.png");
    browser.screen(1000, PICTURE, false);
    browser.evaluate("document.querySelector('#table .open').click()");
    browser.evaluate(
        "for (const id of ['outputs', 'speed', 'depth', 'compensation', 'layers', 'comparison'])"
            + " document.getElementById(id)?.parentElement.remove()");
    assertThat(
            Integer.parseInt(
                browser.evaluate(
                    "Math.round(document.querySelector('.bars').getBoundingClientRect().bottom)")))
        .isLessThan(PICTURE);
    browser.screenshot(PICTURES.resolve("picture.png"));
    assertQuiet(page.toAbsolutePath());
  }
}
