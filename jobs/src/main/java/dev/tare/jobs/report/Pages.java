package dev.tare.jobs.report;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.WriterOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/** Templates, style and script of all pages. */
final class Pages {

  /**
   * The package of the compiled templates. The build puts them into this package, so that they can
   * use its package-private classes.
   */
  private static final String TEMPLATES = "dev.tare.jobs.report";

  private static final TemplateEngine ENGINE =
      // The loader of this class; under spark-submit it is not the system's.
      TemplateEngine.createPrecompiled(
          null, ContentType.Html, Pages.class.getClassLoader(), TEMPLATES);

  private Pages() {}

  /** Writes HTML as the template makes it. */
  static void render(String template, Object page, Writer out) throws IOException {
    ENGINE.render(template, page, new WriterOutput(out));
    out.flush();
  }

  /** Style and script are constants of this program, the only text that is not escaped. */
  static String style() {
    return resource("report.css");
  }

  static String script() {
    return resource("report.js");
  }

  private static String resource(String name) {
    try (InputStream stream = Pages.class.getResourceAsStream(name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + name, e);
    }
  }
}
