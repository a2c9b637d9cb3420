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
    long rows,
    long samples,
    SortedMap<String, Long> skipped,
    SortedMap<String, Long> bad)
    implements FactSection {

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
    node.put("rows", rows);
    node.put("samples-available", samples);
    skipped.forEach(node.putObject("skipped-rows")::put);
    bad.forEach(node.putObject("bad-rows")::put);
    return node;
  }
}
