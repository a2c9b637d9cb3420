package dev.tare.engine.recipe;

import java.util.regex.Pattern;

/**
 * A glob over tensor or node names: {@code *} is any run of characters, {@code ?} any one; all
 * others stand for themselves. It must match the whole name, case counts.
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
