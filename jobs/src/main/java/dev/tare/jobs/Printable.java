package dev.tare.jobs;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Escapes untrusted text for a terminal or a log: names of tensors, nodes, files and columns can
 * contain control characters that move a cursor, line feeds that forge lines, and marks that change
 * the direction of the text after them.
 */
public final class Printable {

  /** Maximum length of a name. */
  private static final int MOST_OF_A_NAME = 200;

  /** Maximum length of a message, which may contain several names. */
  private static final int MOST_OF_A_MESSAGE = 2_000;

  /** Maximum number of listed texts. */
  private static final int MOST_OF_A_LIST = 8;

  private Printable() {}

  /** Returns a name, escaped, and shortened in the middle if it is long. */
  public static String name(String text) {
    return cut(text, MOST_OF_A_NAME);
  }

  /** Returns a message of one line, escaped, and shortened in the middle if it is long. */
  public static String message(String text) {
    return cut(text, MOST_OF_A_MESSAGE);
  }

  /** Returns the first few of several texts in one line, with the number of the others. */
  public static String list(List<String> texts) {
    String shown =
        texts.stream().limit(MOST_OF_A_LIST).map(Printable::name).collect(Collectors.joining("; "));
    int more = texts.size() - MOST_OF_A_LIST;
    return more > 0 ? "%s; and %d more".formatted(shown, more) : shown;
  }

  private static String cut(String text, int most) {
    if (text.length() <= most) {
      return escaped(text);
    }
    int head = most * 2 / 3;
    int tail = most - head;
    int left = text.length() - head - tail;
    return escaped(text.substring(0, head))
        + "...("
        + left
        + " more)..."
        + escaped(text.substring(text.length() - tail));
  }

  private static String escaped(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      at += Character.charCount(c);
      if (c == '\n') {
        shown.append("\\n");
      } else if (c == '\r') {
        shown.append("\\r");
      } else if (c == '\t') {
        shown.append("\\t");
      } else if (c < 0x80 && hidden(c)) {
        shown.append(String.format("\\x%02x", c));
      } else if (hidden(c)) {
        shown.append(c > 0xffff ? String.format("\\U%08x", c) : String.format("\\u%04x", c));
      } else {
        shown.appendCodePoint(c);
      }
    }
    return shown.toString();
  }

  /** Control characters, direction marks and other format characters, halves of pairs. */
  private static boolean hidden(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }
}
