package dev.tare.jobs.artifact;

import static java.util.stream.Collectors.toMap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The layout of {@code manifest.json}, format version 1.
 *
 * <pre>{@code
 * format-version  1
 * run-id          text
 * stages          array of text
 * tare-version    text
 * created         ISO-8601 instant, whole seconds, UTC
 * inputs          array of {name, uri, bytes, sha256 | modified}, sorted by name and uri
 * configuration   option name -> text, sorted
 * fingerprint     sha256 over version, stages, inputs and configuration (Fingerprint)
 * properties      facts of the stages (RunFacts), a JSON object, keys sorted at every depth
 * parts-folder    folder of the files, relative; absent if it is the run folder itself
 * files           array of {path, bytes, sha256}, sorted by path
 * }</pre>
 *
 * <p>Keys that are not in this list are refused by name, as are repeated ones.
 */
public final class ManifestJson {
  static final int FORMAT_VERSION = 1;

  private static final Set<String> KEYS =
      Set.of(
          "format-version",
          "run-id",
          "stages",
          "tare-version",
          "created",
          "inputs",
          "configuration",
          "fingerprint",
          "properties",
          "parts-folder",
          "files");
  private static final Set<String> INPUT_KEYS =
      Set.of("name", "uri", "bytes", "sha256", "modified");
  private static final Set<String> FILE_KEYS = Set.of("path", "bytes", "sha256");

  private ManifestJson() {}

  public static String format(Manifest manifest) {
    ObjectNode root = StrictJson.object();
    root.put("format-version", FORMAT_VERSION);
    root.put("run-id", manifest.runId());
    ArrayNode stages = root.putArray("stages");
    manifest.stages().forEach(stages::add);
    root.put("tare-version", manifest.tareVersion());
    root.put("created", manifest.created().toString());
    ArrayNode inputs = root.putArray("inputs");
    for (InputRef input : manifest.inputs()) {
      ObjectNode node = inputs.addObject();
      node.put("name", input.name());
      node.put("uri", input.uri().toString());
      node.put("bytes", input.bytes());
      input.sha256().ifPresent(hash -> node.put("sha256", hash));
      input.modified().ifPresent(time -> node.put("modified", time));
    }
    ObjectNode configuration = root.putObject("configuration");
    manifest.configuration().forEach(configuration::put);
    root.put("fingerprint", manifest.fingerprint().sha256());
    root.set("properties", manifest.properties());
    manifest.partsFolder().ifPresent(folder -> root.put("parts-folder", folder));
    ArrayNode files = root.putArray("files");
    for (FileEntry file : manifest.files()) {
      ObjectNode node = files.addObject();
      node.put("path", file.path());
      node.put("bytes", file.digest().bytes());
      node.put("sha256", file.digest().sha256());
    }
    return StrictJson.format(root);
  }

  /**
   * Reads a manifest.
   *
   * @param where name of the document in errors
   * @throws TareException (bad input) if it is not of this format, or its fingerprint does not
   *     match its content
   */
  public static Manifest parse(String text, String where) {
    ObjectNode root = StrictJson.parse(text, FORMAT_VERSION, KEYS, where);
    try {
      Manifest manifest =
          new Manifest(
              StrictJson.text(root, "run-id", where),
              texts(StrictJson.array(root, "stages", where), where),
              StrictJson.text(root, "tare-version", where),
              StrictJson.time(root, "created", where),
              inputs(StrictJson.array(root, "inputs", where), where),
              configuration(StrictJson.child(root, "configuration", where), where),
              StrictJson.child(root, "properties", where),
              root.has("parts-folder")
                  ? Optional.of(StrictJson.text(root, "parts-folder", where))
                  : Optional.empty(),
              files(StrictJson.array(root, "files", where), where));
      String stated = StrictJson.text(root, "fingerprint", where);
      if (!stated.equals(manifest.fingerprint().sha256())) {
        throw TareException.badInput(
            "%s has the fingerprint %s, but its content gives %s"
                .formatted(where, stated, manifest.fingerprint().sha256()));
      }
      return manifest;
    } catch (IllegalArgumentException e) {
      throw TareException.badInput("%s: %s".formatted(where, e.getMessage()), e);
    }
  }

  /** Returns a deep copy with sorted keys in every object. */
  static ObjectNode sorted(ObjectNode object) {
    ObjectNode copy = StrictJson.object();
    object.properties().stream()
        .collect(toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> b, TreeMap::new))
        .forEach((key, value) -> copy.set(key, sortedNode(value)));
    return copy;
  }

  private static JsonNode sortedNode(JsonNode node) {
    if (node instanceof ObjectNode object) {
      return sorted(object);
    }
    if (node instanceof ArrayNode array) {
      ArrayNode copy = array.arrayNode();
      array.forEach(element -> copy.add(sortedNode(element)));
      return copy;
    }
    return node.deepCopy();
  }

  private static List<String> texts(JsonNode array, String where) {
    List<String> texts = new ArrayList<>();
    for (JsonNode node : array) {
      if (!node.isTextual()) {
        throw TareException.badInput(
            "%s: 'stages' must be an array of texts, not %s".formatted(where, array));
      }
      texts.add(node.textValue());
    }
    return texts;
  }

  private static List<InputRef> inputs(JsonNode array, String where) {
    List<InputRef> inputs = new ArrayList<>();
    for (JsonNode node : array) {
      ObjectNode input = StrictJson.object(node, "inputs", where);
      StrictJson.allow(input, INPUT_KEYS, where + ", inputs");
      inputs.add(
          new InputRef(
              StrictJson.text(input, "name", where),
              URI.create(StrictJson.text(input, "uri", where)),
              StrictJson.integer(input, "bytes", where),
              input.has("sha256")
                  ? Optional.of(StrictJson.text(input, "sha256", where))
                  : Optional.empty(),
              input.has("modified")
                  ? OptionalLong.of(StrictJson.integer(input, "modified", where))
                  : OptionalLong.empty()));
    }
    return inputs;
  }

  private static SortedMap<String, String> configuration(ObjectNode object, String where) {
    SortedMap<String, String> configuration = new TreeMap<>();
    object
        .fieldNames()
        .forEachRemaining(
            key -> configuration.put(key, StrictJson.text(object, key, where + ", configuration")));
    return configuration;
  }

  private static List<FileEntry> files(JsonNode array, String where) {
    List<FileEntry> files = new ArrayList<>();
    for (JsonNode node : array) {
      ObjectNode file = StrictJson.object(node, "files", where);
      StrictJson.allow(file, FILE_KEYS, where + ", files");
      files.add(
          new FileEntry(
              StrictJson.text(file, "path", where),
              new Digest(
                  StrictJson.text(file, "sha256", where),
                  StrictJson.integer(file, "bytes", where))));
    }
    return files;
  }
}
