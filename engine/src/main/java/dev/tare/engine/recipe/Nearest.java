package dev.tare.engine.recipe;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Suggestions for a mistyped name. */
public final class Nearest {

  private Nearest() {}

  /**
   * Returns the candidate with the smallest edit distance, unless more than a third of the word is
   * wrong.
   */
  public static Optional<String> to(String word, Collection<String> candidates) {
    return candidates.stream()
        .filter(c -> distance(word, c) <= Math.max(1, Math.max(word.length(), c.length()) / 3))
        .min(byDistance(word));
  }

  /**
   * Returns the candidates with the smallest edit distances, nearest first, however wrong the word
   * is.
   */
  public static List<String> to(String word, Collection<String> candidates, int most) {
    return candidates.stream().sorted(byDistance(word)).limit(most).toList();
  }

  private static Comparator<String> byDistance(String word) {
    return Comparator.<String>comparingInt(c -> distance(word, c)).thenComparing(c -> c);
  }

  /**
   * Edit distance: insertions, deletions, replacements and swaps of neighbours (optimal string
   * alignment).
   */
  static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int replace = d[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        d[i][j] = Math.min(replace, 1 + Math.min(d[i - 1][j], d[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], 1 + d[i - 2][j - 2]);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
