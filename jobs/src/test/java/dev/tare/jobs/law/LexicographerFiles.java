package dev.tare.jobs.law;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tare.jobs.demo.WordNetDefinitions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * WordNet's definitions with the names of the lexicographer files that they stand in, such as
 * {@code noun.food}: classes of meaning that people gave them. The second field of a line of {@code
 * data.noun} is the file's number ({@code wndb(5WN)}).
 */
public final class LexicographerFiles {

  /** By number, as {@code lexnames(5WN)} lists them. */
  public static final List<String> NAMES =
      List.of(
          "adj.all",
          "adj.pert",
          "adv.all",
          "noun.Tops",
          "noun.act",
          "noun.animal",
          "noun.artifact",
          "noun.attribute",
          "noun.body",
          "noun.cognition",
          "noun.communication",
          "noun.event",
          "noun.feeling",
          "noun.food",
          "noun.group",
          "noun.location",
          "noun.motive",
          "noun.object",
          "noun.person",
          "noun.phenomenon",
          "noun.plant",
          "noun.possession",
          "noun.process",
          "noun.quantity",
          "noun.relation",
          "noun.shape",
          "noun.state",
          "noun.substance",
          "noun.time",
          "verb.body",
          "verb.change",
          "verb.cognition",
          "verb.communication",
          "verb.competition",
          "verb.consumption",
          "verb.contact",
          "verb.creation",
          "verb.emotion",
          "verb.motion",
          "verb.perception",
          "verb.possession",
          "verb.social",
          "verb.stative",
          "verb.weather",
          "adj.ppl");

  private LexicographerFiles() {}

  /** A definition and the name of its lexicographer file. */
  public record Labelled(String text, String label) {}

  /** Definitions spread over all of WordNet, always the same ones. */
  public static List<Labelled> definitions(int count) throws IOException {
    List<Labelled> all = new ArrayList<>();
    for (String name : WordNetDefinitions.FILES) {
      for (String line :
          Files.readAllLines(MiniLm.wordNet().resolve(name), StandardCharsets.ISO_8859_1)) {
        Optional<String> text = WordNetDefinitions.definition(line);
        if (text.isPresent()) {
          all.add(new Labelled(text.get(), NAMES.get(Integer.parseInt(line.split(" ", 3)[1]))));
        }
      }
    }
    Collections.shuffle(all, new Random(20261123));
    return List.copyOf(all.subList(0, count));
  }

  /** Rows with the columns {@code text} and {@code label}, as JSON lines. */
  public static Path write(Path file, List<Labelled> rows) throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<String> lines = new ArrayList<>();
    for (Labelled row : rows) {
      lines.add(json.writeValueAsString(Map.of("text", row.text(), "label", row.label())));
    }
    return MiniLm.write(file, lines);
  }
}
