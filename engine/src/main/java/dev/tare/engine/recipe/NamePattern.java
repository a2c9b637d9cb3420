package dev.tare.engine.recipe;

import java.util.regex.Pattern;

/**
 * A glob over tensor or node names: {@code *} matches any run of characters, {@code ?} any single
 * one, all others themselves. It must match the whole name; case matters.
 *
 * @param glob the text as written
 */
public record NamePattern(String glob) {

  /**
   * @throws IllegalArgumentException if the text is empty
   */
  public NamePattern {
    if (glob.isEmpty()) {
      throw new IllegalArgumentException("Invalid name pattern: empty");
    }
  }

  public boolean matches(String name) {
    StringBuilder regex = new StringBuilder();
    glob.codePoints()
        .forEach(
            c ->
                regex.append(
                    c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(Character.toString(c))));
    return Pattern.compile(regex.toString(), Pattern.DOTALL).matcher(name).matches();
  }
}
