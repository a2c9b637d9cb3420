package dev.tare.jobs.input;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Kinds of files that are not text with a sample per line. Many could be read as such, but then
 * headers, braces and commas would become samples. A kind is recognized by the name and the first
 * bytes.
 */
final class FileKind {

  /** Number of bytes at the beginning of a file that are examined. */
  static final int HEAD_BYTES = 1 << 14;

  private static final Map<String, String> BY_ENDING =
      Map.ofEntries(
              kind("separated values", "psv ssv dsv"),
              kind("JSON", "geojson webmanifest"),
              kind("XML", "xml"),
              kind("HTML", "html htm xhtml"),
              kind("YAML", "yaml yml"),
              kind("a configuration", "toml ini cfg conf properties"),
              kind("Arrow", "arrow feather ipc arrows"),
              kind("ORC", "orc"),
              kind("Avro", "avro avsc"),
              kind("NumPy", "npy npz"),
              kind("PyTorch", "pt pth ckpt"),
              kind("a Python pickle", "pkl pickle joblib"),
              kind("HDF5", "h5 hdf5 hdf"),
              kind("TensorFlow records", "tfrecord tfrecords"),
              kind("MATLAB", "mat"),
              kind("a model or its weights", "onnx safetensors tflite pb gguf data bin"),
              kind("an archive", "zip tar tgz tbz2 txz 7z rar jar"),
              kind("a spreadsheet", "xlsx xls xlsm ods"),
              kind("a document", "doc docx odt rtf pdf epub ps ipynb"),
              kind("a database", "db sqlite sqlite3 duckdb mdb lmdb"),
              kind(
                  "an image that is neither PNG nor JPEG",
                  "webp gif bmp tif tiff heic avif svg ico"),
              kind("sound or film", "wav mp3 flac ogg opus m4a mp4 mkv avi mov webm"))
          .entrySet()
          .stream()
          .flatMap(
              e -> List.of(e.getKey().split(" ")).stream().map(end -> Map.entry(end, e.getValue())))
          .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

  private static final Map<String, DataFormat> TABLES =
      Map.of(
          "csv", DataFormat.CSV,
          "tsv", DataFormat.TSV,
          "tab", DataFormat.TSV,
          "json", DataFormat.JSON,
          "jsonl", DataFormat.JSON,
          "ndjson", DataFormat.JSON,
          "jsonlines", DataFormat.JSON,
          "ldjson", DataFormat.JSON);

  /** First bytes, each a Latin-1 letter. */
  private static final Map<String, String> BY_MAGIC =
      Map.ofEntries(
          Map.entry("ARROW1", "Arrow"),
          Map.entry("FEA1", "Feather"),
          Map.entry("Obj\u0001", "Avro"),
          Map.entry("\u0093NUMPY", "NumPy"),
          Map.entry("\u0089HDF\r\n\u001a\n", "HDF5"),
          Map.entry("PK\u0003\u0004", "a zip archive, as NumPy's .npz and PyTorch's .pt are"),
          Map.entry("\u001f\u008b", "gzip; a compressed text ends in .gz"),
          Map.entry("BZh91AY&SY", "bzip2; a compressed text ends in .bz2"),
          Map.entry("(\u00b5/\u00fd", "Zstandard"),
          Map.entry("\u00fd7zXZ\u0000", "xz"),
          Map.entry("7z\u00bc\u00af", "7-Zip"),
          Map.entry("%PDF-", "PDF"),
          Map.entry("SQLite format 3", "SQLite"),
          Map.entry("II*\u0000", "a TIFF image"),
          Map.entry("MM\u0000*", "a TIFF image"));

  private static final Pattern HEADER_CELL = Pattern.compile("\"?[A-Za-z_][\\w .:/-]{0,39}\"?");
  private static final Pattern MARKUP =
      Pattern.compile("<(\\?xml|!doctype|html|svg)\\b.*", Pattern.CASE_INSENSITIVE);
  private static final ObjectMapper JSON = new ObjectMapper();

  private FileKind() {}

  private static Map.Entry<String, String> kind(String name, String endings) {
    return Map.entry(endings, name);
  }

  /** The kind in a file's name, if that is not text; endings of compressions are skipped. */
  static Optional<String> named(String path) {
    return ending(path).map(BY_ENDING::get);
  }

  /** The kind of table in a file's name. */
  static Optional<DataFormat> table(String path) {
    return ending(path).map(TABLES::get);
  }

  private static Optional<String> ending(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
    String bare = name.replaceFirst("\\.(gz|bz2|zst|lz4|snappy|deflate|xz)$", "");
    int dot = bare.lastIndexOf('.');
    return dot < 0 ? Optional.empty() : Optional.of(bare.substring(dot + 1));
  }

  /** The kind of bytes that cannot begin a line of text, or that are not UTF-8. */
  static Optional<String> binary(byte[] head) {
    String latin = new String(head, StandardCharsets.ISO_8859_1);
    if (latin.startsWith("\u00ff\u00fe") || latin.startsWith("\u00fe\u00ff")) {
      return Optional.of("UTF-16 or UTF-32; convert it to UTF-8");
    }
    for (Map.Entry<String, String> magic : BY_MAGIC.entrySet()) {
      if (latin.startsWith(magic.getKey())) {
        return Optional.of(magic.getValue());
      }
    }
    int nul = latin.indexOf('\u0000');
    return nul < 0
        ? Optional.empty()
        : Optional.of("no text: byte %d is 0, as in binary files and in UTF-16".formatted(nul));
  }

  /**
   * The format of lines that are records and not samples.
   *
   * @param lines the first whole lines, without blank ones
   */
  static Optional<String> structured(List<String> lines) {
    if (lines.isEmpty()) {
      return Optional.empty();
    }
    String first = lines.get(0).strip();
    if (MARKUP.matcher(first).matches()) {
      return Optional.of("XML or HTML");
    }
    if (first.equals("{") || first.equals("[") || first.equals("[{") || json(first)) {
      return Optional.of("JSON");
    }
    if (lines.size() > 1 && equalCells(lines, "\t")) {
      return Optional.of("tab-separated values");
    }
    boolean header =
        lines.size() > 1
            && List.of(first.split(",", -1)).stream()
                .allMatch(c -> HEADER_CELL.matcher(c).matches())
            && first.indexOf(", ") < 0;
    return header && equalCells(lines, ",")
        ? Optional.of("comma-separated values with a header")
        : Optional.empty();
  }

  private static boolean json(String line) {
    if (!line.startsWith("{") && !line.startsWith("[")) {
      return false;
    }
    try (JsonParser parser = JSON.createParser(line)) {
      JsonToken token = parser.nextToken();
      boolean record = token == JsonToken.START_OBJECT;
      parser.skipChildren();
      // Lines of text often begin with "[1]" or "[sic]", but not with a list of strings or
      // objects.
      return parser.nextToken() == null && (record || line.contains("\"") || line.contains("{"));
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean equalCells(List<String> lines, String separator) {
    int cells = cells(lines.get(0), separator);
    return cells > 1 && lines.stream().allMatch(line -> cells(line, separator) == cells);
  }

  /** Cells of a line; separators in quotes do not count. */
  private static int cells(String line, String separator) {
    boolean quoted = false;
    int cells = 1;
    for (int i = 0; i < line.length(); i++) {
      quoted ^= line.charAt(i) == '"';
      cells += !quoted && line.startsWith(separator, i) ? 1 : 0;
    }
    return cells;
  }
}
