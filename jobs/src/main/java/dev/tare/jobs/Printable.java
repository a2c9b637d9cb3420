package dev.tare.jobs;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Texts of other people's making as a terminal and a log may have them: names of tensors, nodes,
 * files and columns can hold control characters that move a cursor, line feeds that forge lines,
 * and marks that turn the direction of what follows.
 */
public final class Printable {

  /** Of a name, enough to know it by. */
  private static final int MOST_OF_A_NAME = 200;

  /** Of a message, which may hold several names. */
  private static final int MOST_OF_A_MESSAGE = 2_000;

  /** Of several reasons, enough to see what they are about. */
  private static final int MOST_OF_A_LIST = 8;

  private Printable() {}

  /** A name: escaped, and cut in its middle where it is long. */
  public static String name(String text) {
    return cut(text, MOST_OF_A_NAME);
  }

  /** A message of one line: escaped, and cut in its middle where it is long. */
  public static String message(String text) {
    return cut(text, MOST_OF_A_MESSAGE);
  }

  /** The first few of several texts in one line, and how many more there are. */
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
