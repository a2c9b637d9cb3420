package dev.tare.jobs.input;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The tokenizers of this JVM, one per file and length, open until the JVM ends.
 *
 * <p>By default the native library reports its use to its vendor and may download another build of
 * itself; both are turned off before it is loaded. It unpacks below {@code java.io.tmpdir}, which
 * the launcher empties.
 */
final class Tokenizers {

  private record Key(String identity, int maxLength) {}

  private static final Map<Key, HuggingFaceTokenizer> OPEN = new ConcurrentHashMap<>();

  static {
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("RUST_FLAVOR", "cpu");
    String cache = Path.of(System.getProperty("java.io.tmpdir"), "djl").toString();
    System.setProperty("ENGINE_CACHE_DIR", cache);
    System.setProperty("DJL_CACHE_DIR", cache);
  }

  private Tokenizers() {}

  /**
   * A tokenizer that adds special tokens, truncates and never pads, whatever its file says; may be
   * used by many tasks at once.
   *
   * @throws InputException if the file is not a tokenizer
   */
  static HuggingFaceTokenizer open(LocalFile file, int maxLength) {
    return OPEN.computeIfAbsent(
        new Key(file.identity(), maxLength),
        key -> load(file.displayName(), file.content(), maxLength));
  }

  /**
   * A tokenizer that is not shared; the caller closes it or keeps it until the JVM ends.
   *
   * @param name of the file, for messages
   * @throws InputException if the bytes are not a tokenizer
   */
  static HuggingFaceTokenizer load(String name, byte[] content, int maxLength) {
    String length = Integer.toString(maxLength);
    Map<String, String> options =
        Map.of(
            "addSpecialTokens", "true",
            "truncation", "longest_first",
            "padding", "do_not_pad",
            "padToMultipleOf", "0",
            "stride", "0",
            "maxLength", length,
            "modelMaxLength", length);
    // By stream, not by path: by path it would also read a tokenizer_config.json in the same
    // folder.
    try (InputStream in = new ByteArrayInputStream(content)) {
      return HuggingFaceTokenizer.newInstance(in, options);
    } catch (IOException | RuntimeException e) {
      throw new InputException("Cannot read tokenizer " + name + ": " + e.getMessage(), e);
    }
  }
}
