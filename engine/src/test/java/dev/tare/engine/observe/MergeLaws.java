package dev.tare.engine.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The laws of a mergeable state: a commutative monoid, byte for byte.
 *
 * @param <S> the state
 */
abstract class MergeLaws<S> {

  /** The state of no rows. */
  abstract S identity();

  /** The state of rows of 70 values each. */
  abstract S of(List<float[]> rows);

  abstract S merge(S left, S right);

  /** Canonical bytes. */
  abstract byte[] bytes(S state);

  /** A state that refuses to merge with those of {@link #of}. */
  abstract S incompatible();

  /** What the refusal says when the left side is a state of {@link #of}. */
  abstract String refusal();

  private static List<float[]> rows(long seed, int count) {
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(Floats.values(seed * 1000 + i, 70, i % 3 == 0 ? 0.2 : 0));
    }
    return rows;
  }

  private void assertSame(S actual, S expected) {
    assertThat(bytes(actual)).isEqualTo(bytes(expected));
    assertThat(actual).isEqualTo(expected).hasSameHashCodeAs(expected);
  }

  @Test
  void identityChangesNothingOnEitherSide() {
    S state = of(rows(1, 5));
    assertSame(merge(state, identity()), state);
    assertSame(merge(identity(), state), state);
    assertSame(merge(identity(), identity()), identity());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void mergeCommutes(long seed) {
    S left = of(rows(seed, 3));
    S right = of(rows(seed + 10, 4));
    assertSame(merge(left, right), merge(right, left));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void mergeAssociates(long seed) {
    S first = of(rows(seed, 3));
    S second = of(rows(seed + 10, 2));
    S third = of(rows(seed + 20, 4));
    assertSame(merge(merge(first, second), third), merge(first, merge(second, third)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void mergeOfShuffledPartitionsEqualsSinglePass(int partitions) {
    List<float[]> rows = rows(5, 12);
    S whole = of(rows);
    List<float[]> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(partitions));
    S merged = identity();
    for (int i = 0; i < partitions; i++) {
      int from = shuffled.size() * i / partitions;
      int to = shuffled.size() * (i + 1) / partitions;
      merged = merge(merged, of(shuffled.subList(from, to)));
    }
    assertSame(merged, whole);
  }

  @Test
  void refusedMergeLeavesBothSidesUnchanged() {
    S left = of(rows(1, 3));
    S right = incompatible();
    byte[] leftBefore = bytes(left);
    byte[] rightBefore = bytes(right);
    assertThatThrownBy(() -> merge(left, right))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(refusal());
    assertThatThrownBy(() -> merge(right, left)).isInstanceOf(IllegalArgumentException.class);
    assertThat(bytes(left)).isEqualTo(leftBefore);
    assertThat(bytes(right)).isEqualTo(rightBefore);
  }
}
