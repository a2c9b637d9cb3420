package dev.tare.jobs.input;

import java.util.Optional;

/**
 * Estimates from the form of a pattern, in Oniguruma's syntax, how often a backtracking matcher may
 * try at one place of a text. The estimate is conservative: for an accepted pattern the number of
 * tries is linear in the length of the text; for a refused one it may be quadratic or worse.
 *
 * <p>A repetition is long if it is unbounded or allows more than {@value #SMALL}. A pattern is
 * accepted if no long repetition contains a choice or a repetition of varying length, if no
 * sequence has two long repetitions followed by a part that can fail, and if there are no back
 * references, calls or conditions. The patterns of GPT-2, GPT-4, Llama 3, Qwen, DeepSeek, CLIP and
 * BLOOM are of this form.
 */
final class Backtracking {

  private static final int SMALL = 16;
  private static final int MAX_DEPTH = 64;
  private static final int MAX_LENGTH = 20_000;

  /**
   * What a part of a pattern does.
   *
   * @param varies whether it matches at different lengths or by a choice
   * @param mandatory whether it can fail
   * @param waiting long repetitions that no part that can fail follows yet
   * @param retried long repetitions that are tried again when a later part fails
   */
  private record Part(boolean varies, boolean mandatory, int waiting, int retried) {

    static final Part NOTHING = new Part(false, false, 0, 0);
    static final Part CHARACTER = new Part(false, true, 0, 0);

    Part then(Part next) {
      int nowRetried = next.mandatory ? retried + waiting : retried;
      int stillWaiting = next.mandatory ? 0 : waiting;
      return new Part(
          varies || next.varies,
          mandatory || next.mandatory,
          stillWaiting + next.waiting,
          nowRetried + next.retried);
    }

    Part or(Part other) {
      return new Part(
          true,
          mandatory && other.mandatory,
          Math.max(waiting, other.waiting),
          Math.max(retried, other.retried));
    }
  }

  /** A pattern is refused; the message says why. */
  private static final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Fault(String message) {
      super(message, null, false, false);
    }
  }

  private final String pattern;
  private int at;

  private Backtracking(String pattern) {
    this.pattern = pattern;
  }

  /** Why a pattern may backtrack without end, as the end of a sentence; empty if it is accepted. */
  static Optional<String> faultOf(String pattern) {
    if (pattern.length() > MAX_LENGTH) {
      return Optional.of("since it has %d characters".formatted(pattern.length()));
    }
    try {
      Backtracking parser = new Backtracking(pattern);
      parser.choice(0);
      return parser.at < pattern.length()
          ? Optional.of("since its parentheses do not match")
          : Optional.empty();
    } catch (Fault e) {
      return Optional.of(e.getMessage());
    }
  }

  private Part choice(int depth) {
    if (depth > MAX_DEPTH) {
      throw new Fault("since it is nested more than %d deep".formatted(MAX_DEPTH));
    }
    Part whole = sequence(depth);
    while (at < pattern.length() && pattern.charAt(at) == '|') {
      at++;
      whole = whole.or(sequence(depth));
    }
    return whole;
  }

  private Part sequence(int depth) {
    Part whole = Part.NOTHING;
    while (at < pattern.length() && pattern.charAt(at) != '|' && pattern.charAt(at) != ')') {
      int start = at;
      whole = whole.then(repeated(atom(depth)));
      if (whole.retried > 1) {
        throw new Fault(
            "since '%s' fails after two repetitions that can share a text in many ways"
                .formatted(pattern.substring(start, at)));
      }
    }
    return whole;
  }

  private Part atom(int depth) {
    char c = pattern.charAt(at++);
    return switch (c) {
      case '(' -> group(depth);
      case '[' -> characterClass();
      case '\\' -> escape();
      default -> Part.CHARACTER;
    };
  }

  private Part group(int depth) {
    if (pattern.startsWith("*", at)) {
      throw new Fault("since it has a callout");
    }
    if (pattern.startsWith("?", at)) {
      at++;
      String rest = pattern.substring(at);
      if (rest.startsWith("(") || rest.startsWith("~") || rest.startsWith("{")) {
        throw new Fault("since it has a condition or an absent operator");
      }
      if (rest.startsWith("#")) {
        skipTo(')');
        return Part.NOTHING;
      }
      if (rest.matches("(?s)(<[=!]|[=!>:]).*")) {
        at += rest.startsWith("<") ? 2 : 1;
      } else if (rest.startsWith("<") || rest.startsWith("'") || rest.startsWith("P<")) {
        at += rest.startsWith("P") ? 2 : 1;
        skipTo(rest.startsWith("'") ? '\'' : '>');
      } else {
        while (at < pattern.length() && "imxsadu-WDSPy{}g".indexOf(pattern.charAt(at)) >= 0) {
          at++;
        }
        if (pattern.startsWith(":", at)) {
          at++;
        }
      }
    }
    Part inner = choice(depth + 1);
    if (!pattern.startsWith(")", at)) {
      throw new Fault("since its parentheses do not match");
    }
    at++;
    return inner;
  }

  private void skipTo(char end) {
    int found = pattern.indexOf(end, at);
    if (found < 0) {
      throw new Fault("since its parentheses do not match");
    }
    at = found + 1;
  }

  private Part characterClass() {
    int depth = 1;
    if (pattern.startsWith("^", at)) {
      at++;
    }
    if (pattern.startsWith("]", at)) {
      at++;
    }
    while (at < pattern.length() && depth > 0) {
      switch (pattern.charAt(at++)) {
        case '\\' -> at++;
        case '[' -> depth++;
        case ']' -> depth--;
        default -> {}
      }
    }
    if (depth > 0) {
      throw new Fault("since its brackets do not match");
    }
    return Part.CHARACTER;
  }

  private Part escape() {
    if (at >= pattern.length()) {
      throw new Fault("since it ends with a backslash");
    }
    char c = pattern.charAt(at++);
    if ((c >= '1' && c <= '9') || c == 'k' || c == 'g') {
      throw new Fault("since it refers to what a group matched, or calls one");
    }
    if (c == 'X' || c == 'R') {
      return new Part(true, true, 0, 0);
    }
    if ("pPxoN".indexOf(c) >= 0 && pattern.startsWith("{", at)) {
      skipTo('}');
    }
    return Part.CHARACTER;
  }

  /** An atom with the repetition that follows it. */
  private Part repeated(Part atom) {
    Part part = atom;
    while (at < pattern.length()) {
      int[] bounds = bounds();
      if (bounds.length == 0) {
        return part;
      }
      boolean isLong = bounds[1] > SMALL;
      if (isLong && (part.varies || part.waiting + part.retried > 0)) {
        throw new Fault("since it repeats what varies or repeats itself");
      }
      part =
          new Part(
              part.varies || bounds[0] != bounds[1],
              part.mandatory && bounds[0] > 0,
              part.waiting + (isLong ? 1 : 0),
              part.retried);
      // Lazy or possessive.
      if (at < pattern.length() && "?+".indexOf(pattern.charAt(at)) >= 0) {
        at++;
      }
    }
    return part;
  }

  /** Minimum and maximum of a repetition that begins here; empty if there is none. */
  private int[] bounds() {
    char c = pattern.charAt(at);
    if (c == '*' || c == '+' || c == '?') {
      at++;
      return new int[] {c == '+' ? 1 : 0, c == '?' ? 1 : Integer.MAX_VALUE};
    }
    int end = c == '{' ? pattern.indexOf('}', at) : -1;
    if (end < 0 || !pattern.substring(at + 1, end).matches("\\d{0,6},?\\d{0,6}") || end == at + 1) {
      return new int[0];
    }
    String[] sides = pattern.substring(at + 1, end).split(",", -1);
    at = end + 1;
    int least = sides[0].isEmpty() ? 0 : Integer.parseInt(sides[0]);
    if (sides.length == 1) {
      return new int[] {least, least};
    }
    return new int[] {least, sides[1].isEmpty() ? Integer.MAX_VALUE : Integer.parseInt(sides[1])};
  }
}
