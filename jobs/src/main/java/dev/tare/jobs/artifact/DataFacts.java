package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a run records about its data.
 *
 * @param format of the files
 * @param maxLength maximum tokens of a text, the rest is cut; empty where no text was tokenized
 * @param textColumn the column that texts were read from
 * @param images how images became tensors
 * @param chosenBy how a number of samples was chosen where not by their own hashes; {@link
 *     #BY_TEXT}, or a later word. Then rows that were not chosen were not tokenized
 * @param rows rows of all files
 * @param samples rows that are valid samples
 * @param skipped skipped rows, by reason
 * @param bad rows that are not valid samples, by reason
 */
public record DataFacts(
    String format,
    OptionalInt maxLength,
    Optional<String> textColumn,
    Optional<String> images,
    Optional<String> chosenBy,
    long rows,
    long samples,
    SortedMap<String, Long> skipped,
    SortedMap<String, Long> bad)
    implements FactSection {

  private static final String CHOSEN_BY = "chosen-by";

  /** The texts with the smallest SHA-256 of their UTF-8, before they are tokenized. */
  public static final String BY_TEXT = "text-1";

  public DataFacts {
    skipped = Collections.unmodifiableSortedMap(new TreeMap<>(skipped));
    bad = Collections.unmodifiableSortedMap(new TreeMap<>(bad));
  }

  static DataFacts fromJson(FactReader in) {
    return new DataFacts(
        in.text("format"),
        in.optionalSize("max-length"),
        in.optionalText("text-column"),
        in.optionalText("images"),
        in.optionalText(CHOSEN_BY),
        in.count("rows"),
        in.count("samples-available"),
        in.counts("skipped-rows"),
        in.counts("bad-rows"));
  }

  /** Returns the JSON object stored in a manifest. */
  @Override
  public ObjectNode toJson() {
    ObjectNode node = StrictJson.object();
    node.put("format", format);
    maxLength.ifPresent(tokens -> node.put("max-length", tokens));
    textColumn.ifPresent(column -> node.put("text-column", column));
    images.ifPresent(preparation -> node.put("images", preparation));
    chosenBy.ifPresent(word -> node.put(CHOSEN_BY, word));
    node.put("rows", rows);
    node.put("samples-available", samples);
    skipped.forEach(node.putObject("skipped-rows")::put);
    bad.forEach(node.putObject("bad-rows")::put);
    return node;
  }
}
