package dev.tare.jobs.hocon;

import dev.tare.jobs.TareException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Bounds the size of HOCON texts after substitution, before the parser expands them: ten lines of
 * ten references each are ten thousand million values.
 *
 * <p>An upper bound. A statement is known by the last element of its key and by those of the keys
 * around it; a reference refers to all statements of its last element.
 */
final class Expansion {

  static final int MOST_CHARACTERS = 1 << 20;
  static final int MOST_DEPTH = 64;
  static final long MOST_EXPANDED = 64L << 20;

  private static final Pattern REFERENCE = Pattern.compile("\\$\\{\\??([^}]*)}");
  private static final Pattern ASSIGNMENT =
      Pattern.compile("^\\s*([^=:{\\[]*?)\\s*(?:\\+?=|:|\\{|$)");

  private record Statement(long characters, List<String> references) {}

  private final String what;
  private final String place;
  private final Map<String, List<Statement>> statements = new HashMap<>();
  private final Map<String, Double> sizes = new HashMap<>();
  private final Set<String> visiting = new HashSet<>();
  private final List<Statement> all = new ArrayList<>();

  Expansion(String what, String place) {
    this.what = what;
    this.place = place;
  }

  /**
   * Scans a text before it is parsed.
   *
   * @throws TareException (usage) if it is too long or nested too deeply
   */
  void add(String from, String text) {
    if (text.length() > MOST_CHARACTERS) {
      throw refused(from, "has more than %,d characters".formatted(MOST_CHARACTERS));
    }
    Deque<String> around = new ArrayDeque<>();
    StringBuilder statement = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted) {
        statement.append(c);
        if (c == '\\' && i + 1 < text.length()) {
          statement.append(text.charAt(++i));
        } else if (c == '"' || c == '\n') {
          quoted = false;
        }
      } else if (c == '#' || (c == '/' && text.startsWith("//", i))) {
        int end = text.indexOf('\n', i);
        i = end < 0 ? text.length() : end - 1;
      } else if (c == '"') {
        quoted = true;
        statement.append(c);
      } else if (c == '$' && text.startsWith("${", i)) {
        int end = text.indexOf('}', i);
        int last = end < 0 ? text.length() - 1 : end;
        statement.append(text, i, last + 1);
        i = last;
      } else if (c == '{' || c == '[') {
        around.push(key(statement.toString()));
        if (around.size() > MOST_DEPTH) {
          throw refused(from, "is nested deeper than %d levels".formatted(MOST_DEPTH));
        }
        take(statement, around);
      } else if (c == '}' || c == ']') {
        take(statement, around);
        around.poll();
      } else if (c == '\n' || c == ',') {
        take(statement, around);
      } else {
        statement.append(c);
      }
    }
    take(statement, around);
  }

  private void take(StringBuilder text, Deque<String> around) {
    String said = text.toString();
    text.setLength(0);
    if (said.isBlank()) {
      return;
    }
    List<String> references = new ArrayList<>();
    Matcher reference = REFERENCE.matcher(said);
    while (reference.find()) {
      references.add(last(reference.group(1)));
    }
    Statement statement = new Statement(said.length(), references);
    all.add(statement);
    Set<String> keys = new HashSet<>(around);
    keys.add(key(said));
    keys.forEach(key -> statements.computeIfAbsent(key, k -> new ArrayList<>()).add(statement));
  }

  private static String key(String statement) {
    Matcher assignment = ASSIGNMENT.matcher(statement);
    return assignment.find() ? last(assignment.group(1)) : "";
  }

  private static String last(String path) {
    return path.substring(path.lastIndexOf('.') + 1).replace("\"", "").strip();
  }

  /**
   * Checks the expanded size of all texts.
   *
   * @throws TareException (usage) if it becomes too large
   */
  void check() {
    double total = 0;
    for (Statement statement : all) {
      total += size(statement);
    }
    if (total > MOST_EXPANDED) {
      throw refused(
          place, "expands to more than %,d characters by its references".formatted(MOST_EXPANDED));
    }
  }

  private double size(Statement statement) {
    double size = statement.characters();
    for (String reference : statement.references()) {
      size += size(reference);
    }
    return size;
  }

  private double size(String key) {
    Double known = sizes.get(key);
    if (known != null) {
      return known;
    }
    if (visiting.size() > MOST_DEPTH || !visiting.add(key)) {
      // The chain is too long, or a cycle, which the parser reports.
      return visiting.size() > MOST_DEPTH ? MOST_EXPANDED : 0;
    }
    double size = 0;
    for (Statement statement : statements.getOrDefault(key, List.of())) {
      size += size(statement);
    }
    visiting.remove(key);
    sizes.put(key, size);
    return size;
  }

  private TareException refused(String from, String why) {
    return TareException.usage("The %s '%s' %s".formatted(what, from, why));
  }
}
