package dev.tare.engine.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * A parser for the JSON of untrusted files: UTF-8 only, no key twice in an object, little nesting,
 * and no number longer than a long. Not thread-safe.
 */
final class HeaderJson {

  private static final int MOST_NESTING = 16;
  private static final int MOST_DIGITS = 20;
  private static final int MOST_TEXT = 1 << 20;

  /** Jackson's own limit since 2.16; Spark 3.5 ships 2.15, which has none. */
  private static final int MOST_NAME = 50_000;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // A table of millions of names that another file does not have.
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MOST_NESTING)
                  .maxNumberLength(MOST_DIGITS)
                  .maxStringLength(MOST_TEXT)
                  .build())
          .build();

  private final String file;
  private final JsonParser parser;

  private HeaderJson(String file, JsonParser parser) {
    this.file = file;
    this.parser = parser;
  }

  /** What reads an object's value, which is the parser's next token. */
  interface Value {
    void read(String key) throws IOException;
  }

  /** What reads a document. */
  interface Document {
    void read(HeaderJson json) throws IOException;
  }

  /**
   * Reads a text to its end.
   *
   * @throws SafetensorsException if it is not UTF-8 or not JSON, or exceeds a limit
   */
  static void read(byte[] text, String file, Document document) {
    String decoded;
    try {
      decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
    } catch (CharacterCodingException e) {
      throw new SafetensorsException(file, "its JSON is not valid UTF-8", e);
    }
    try (JsonParser parser = JSON.createParser(decoded)) {
      HeaderJson json = new HeaderJson(file, parser);
      document.read(json);
      if (parser.nextToken() != null) {
        throw json.wrong("there is something after the JSON object");
      }
    } catch (JsonProcessingException e) {
      throw new SafetensorsException(file, "its JSON is not valid: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads the next value, which must be an object. */
  void object(String what, Value value) throws IOException {
    require(JsonToken.START_OBJECT, what, "an object");
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      if (name.length() > MOST_NAME) {
        throw wrong("a name has %d characters, at most %d".formatted(name.length(), MOST_NAME));
      }
      value.read(name);
    }
  }

  /** Reads the next value, which must be a list. */
  void list(String what, Value element) throws IOException {
    require(JsonToken.START_ARRAY, what, "a list");
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      element.read(what);
    }
  }

  String text(String what) throws IOException {
    require(JsonToken.VALUE_STRING, what, "a text");
    return parser.getText();
  }

  /** Reads the next value, a whole number of at least 0. */
  long size(String what) throws IOException {
    parser.nextToken();
    return currentSize(what);
  }

  /** The same of the value that a list is at. */
  long currentSize(String what) throws IOException {
    long size;
    try {
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        throw wrong("%s is not a whole number".formatted(what));
      }
      size = parser.getLongValue();
    } catch (InputCoercionException e) {
      throw new SafetensorsException(file, "%s does not fit 63 bits".formatted(what), e);
    }
    if (size < 0) {
      throw wrong("%s is negative: %d".formatted(what, size));
    }
    return size;
  }

  /** Reads over the next value. */
  void skip() throws IOException {
    parser.nextToken();
    parser.skipChildren();
  }

  SafetensorsException wrong(String reason) {
    return new SafetensorsException(file, reason);
  }

  private void require(JsonToken token, String what, String kind) throws IOException {
    if (parser.nextToken() != token) {
      throw wrong("%s is not %s".formatted(what, kind));
    }
  }
}
