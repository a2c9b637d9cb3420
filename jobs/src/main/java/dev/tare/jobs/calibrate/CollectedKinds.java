package dev.tare.jobs.calibrate;

import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.artifact.Settings;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The kinds of states that calibration collects.
 *
 * @param kinds includes histograms
 */
public record CollectedKinds(SortedSet<StateKind> kinds) {

  public static final CollectedKinds HISTOGRAMS =
      new CollectedKinds(new TreeSet<>(List.of(StateKind.HISTOGRAM)));

  /**
   * Checks the kinds.
   *
   * @throws IllegalArgumentException if histograms are missing
   */
  public CollectedKinds {
    kinds = Collections.unmodifiableSortedSet(new TreeSet<>(kinds));
    if (!kinds.contains(StateKind.HISTOGRAM)) {
      throw new IllegalArgumentException(
          "'%s' lacks histogram, which is required for selecting ranges".formatted(text(kinds)));
    }
  }

  /** All but paired sums, which need a quantized model. */
  private static final SortedSet<StateKind> KNOWN =
      new TreeSet<>(EnumSet.complementOf(EnumSet.of(StateKind.PAIRS)));

  /**
   * Parses a comma-separated list.
   *
   * @throws IllegalArgumentException if a word is unknown, or histogram is missing
   */
  public static CollectedKinds parse(String list) {
    SortedSet<StateKind> kinds = new TreeSet<>();
    for (String word : list.split(",", -1)) {
      kinds.add(
          KNOWN.stream()
              .filter(kind -> Settings.word(kind).equals(word.strip()))
              .findFirst()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "'%s' is not one of %s".formatted(word.strip(), text(KNOWN)))));
    }
    return new CollectedKinds(kinds);
  }

  /** Returns the kinds with one more. */
  CollectedKinds with(StateKind kind) {
    SortedSet<StateKind> more = new TreeSet<>(kinds);
    more.add(kind);
    return new CollectedKinds(more);
  }

  /** The kinds that need nothing known before: all but Gram matrices. */
  SortedSet<StateKind> ofFirstPass() {
    SortedSet<StateKind> first = new TreeSet<>(kinds);
    first.remove(StateKind.GRAM);
    return first;
  }

  boolean onlyHistograms() {
    return kinds.size() == 1;
  }

  private static String text(SortedSet<StateKind> kinds) {
    return kinds.stream().map(Settings::word).collect(Collectors.joining(", "));
  }

  /** Returns the list as {@link #parse} reads it. */
  @Override
  public String toString() {
    return kinds.stream().map(Settings::word).collect(Collectors.joining(","));
  }
}
