package dev.tare.jobs.report;

import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.RunFacts;
import java.net.URI;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * An evaluated run in an index.
 *
 * @param place its path below the folder of the index
 * @param content its manifests and quality, without plan and drawings
 * @param page a link to its page; empty where there is none
 */
record RunEntry(String place, RunContent content, Optional<String> page) {

  private static final DateTimeFormatter MINUTE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);

  Instant created() {
    return content.manifest().created();
  }

  String when() {
    return MINUTE.format(created());
  }

  /**
   * What runs of one model have in common: its file's name, with the folder above where many models
   * have that name.
   */
  String model() {
    return content.input("model").map(input -> name(input.uri())).orElse("model not recorded");
  }

  private static String name(URI uri) {
    List<String> parts =
        Arrays.stream(Optional.ofNullable(uri.getPath()).orElse("").split("/"))
            .filter(part -> !part.isEmpty())
            .toList();
    int first = parts.size() - 1;
    if (first > 0 && parts.get(first).startsWith(Part.MODEL_STEM)) {
      first--;
      // Hugging Face's layout: NAME/onnx/model.onnx.
      first -= first > 0 && parts.get(first).equals("onnx") ? 1 : 0;
    }
    return first < 0 ? "model not recorded" : String.join("/", parts.subList(first, parts.size()));
  }

  String recipe() {
    return content.facts(RunFacts::selection).map(facts -> facts.recipe()).orElse("–");
  }

  /** {@code passed}, {@code failed} or {@code none}. */
  String gate() {
    return quality().gate().outcome();
  }

  String gateText() {
    return gate().equals("none") ? "no gate" : gate();
  }

  private Quality quality() {
    return content.quality().orElseThrow();
  }

  private Optional<Quality.OutputQuality> headline() {
    return Quality.headline(quality().outputs());
  }

  double cosine() {
    return headline().map(Quality.OutputQuality::cosineMean).orElse(Double.NaN);
  }

  double worst() {
    return headline().map(Quality.OutputQuality::cosineMin).orElse(Double.NaN);
  }

  double sqnrDb() {
    return headline().map(Quality.OutputQuality::sqnrDb).orElse(Double.NaN);
  }

  String cosineText() {
    return Figures.cosine(cosine());
  }

  String worstText() {
    return Figures.cosine(worst());
  }

  String sqnrText() {
    return Figures.db(sqnrDb());
  }

  /** JavaScript reads no infinity. */
  String sqnrKey() {
    return Layer.key(sqnrDb());
  }

  long samples() {
    return quality().samples();
  }

  Optional<Long> bytes() {
    return content.bytes(Part.MODEL);
  }

  String size() {
    return bytes().map(Figures::bytes).orElse("–");
  }

  /** How much smaller and faster, as in the run's own page. */
  String gain(boolean ofSize) {
    return (ofSize ? Headline.size(content) : Headline.speed(quality()))
        .map(Headline.Piece::text)
        .orElse("not measured");
  }

  /** A run without evaluation, or one that cannot be read. */
  record Other(String place, String when, String state) {

    static Other of(String place, Manifest manifest) {
      return new Other(
          place, MINUTE.format(manifest.created()), String.join(", ", manifest.stages()));
    }

    static Other of(String place, Optional<Instant> time, String state) {
      return new Other(place, time.map(MINUTE::format).orElse(""), state);
    }
  }
}
