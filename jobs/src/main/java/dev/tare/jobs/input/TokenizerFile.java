package dev.tare.jobs.input;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The settings in a {@code tokenizer.json}, read without running it.
 *
 * @param name the file's name in messages
 * @param truncation its own {@code truncation.max_length}
 * @param padding id of its token for padding
 * @param largestId largest id of its vocabulary and added tokens; -1 if it has none
 */
record TokenizerFile(String name, OptionalInt truncation, OptionalLong padding, long largestId) {

  /**
   * The default if neither the user nor the file sets it: the positions of BERT and similar models.
   */
  static final int DEFAULT_MAX_LENGTH = 512;

  /** What models call their token for padding when the file has no settings for it. */
  private static final Set<String> PADDINGS = Set.of("[PAD]", "<pad>", "<|pad|>");

  /**
   * Reads the file.
   *
   * @throws InputException if the file cannot be read, is not a {@code tokenizer.json}, or has a
   *     pattern for which the native library may end the process
   */
  static TokenizerFile read(LocalFile file) {
    JsonNode root;
    try {
      root = new ObjectMapper().readTree(file.content());
    } catch (IOException e) {
      throw new InputException(
          "Cannot read tokenizer " + file.displayName() + ": not JSON: " + e.getMessage(), e);
    }
    TokenizerPatterns.requireLinear(root, file.displayName());
    JsonNode vocabulary = root.path("model").path("vocab");
    if (!vocabulary.isContainerNode()) {
      throw new InputException(
          "Cannot read tokenizer %s: not a tokenizer.json, it has no model.vocab"
              .formatted(file.displayName()));
    }
    // Unigram models list their tokens; their ids are the positions.
    long largest = vocabulary.isArray() ? vocabulary.size() - 1 : -1;
    if (vocabulary.isObject()) {
      for (JsonNode id : vocabulary) {
        largest = Math.max(largest, id.asLong(-1));
      }
    }
    for (JsonNode token : root.path("added_tokens")) {
      largest = Math.max(largest, token.path("id").asLong(-1));
    }
    int length = root.path("truncation").path("max_length").asInt(0);
    return new TokenizerFile(
        file.displayName(),
        length > 0 ? OptionalInt.of(length) : OptionalInt.empty(),
        padding(root),
        largest);
  }

  private static OptionalLong padding(JsonNode root) {
    JsonNode own = root.path("padding").path("pad_id");
    if (own.isIntegralNumber()) {
      return OptionalLong.of(own.asLong());
    }
    for (JsonNode token : root.path("added_tokens")) {
      if (PADDINGS.contains(token.path("content").asText())) {
        return OptionalLong.of(token.path("id").asLong());
      }
    }
    return OptionalLong.empty();
  }

  /**
   * The length in use: the requested one, or that of the file, or {@value #DEFAULT_MAX_LENGTH}; at
   * most that of the model's inputs, if they have a fixed one.
   */
  int maxLength(OptionalInt asked, OptionalInt model) {
    int wanted = asked.orElse(truncation.orElse(DEFAULT_MAX_LENGTH));
    return Math.min(wanted, model.orElse(wanted));
  }

  /**
   * The id that fills inputs up to a length.
   *
   * @throws InputException if the file names none
   */
  long requirePadding(int length) {
    return padding.orElseThrow(
        () ->
            new InputException(
                "Cannot fill texts up to the %d tokens that the model takes: tokenizer %s has no token for padding; give it a \"padding\" with a \"pad_id\""
                    .formatted(length, name)));
  }

  /**
   * @throws InputException if it gives token ids for which the model's embedding has no row
   */
  void requireFits(OptionalLong vocabularySize) {
    if (vocabularySize.isPresent() && largestId >= vocabularySize.getAsLong()) {
      throw new InputException(
          "Tokenizer %s does not fit the model: its token ids go up to %d but the model's"
                  .formatted(name, largestId)
              + " embedding has %d rows".formatted(vocabularySize.getAsLong()));
    }
  }
}
