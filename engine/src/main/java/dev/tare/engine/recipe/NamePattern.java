package dev.tare.engine.recipe;

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

  /** Whether it matches a name; in time of the product of both lengths at most. */
  public boolean matches(String name) {
    int[] wanted = glob.codePoints().toArray();
    int[] found = name.codePoints().toArray();
    int at = 0;
    int star = -1;
    int retry = 0;
    for (int i = 0; i < found.length; ) {
      if (at < wanted.length && wanted[at] == '*') {
        star = at++;
        retry = i;
      } else if (at < wanted.length && (wanted[at] == '?' || wanted[at] == found[i])) {
        at++;
        i++;
      } else if (star >= 0) {
        // The last star takes one more.
        at = star + 1;
        i = ++retry;
      } else {
        return false;
      }
    }
    while (at < wanted.length && wanted[at] == '*') {
      at++;
    }
    return at == wanted.length;
  }
}
