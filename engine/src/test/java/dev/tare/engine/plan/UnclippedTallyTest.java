package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.quant.QuantError;
import dev.tare.engine.range.Range;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class UnclippedTallyTest {

  private static final Range CHOSEN = new Range(-1, 1);

  private static UnclippedTally tally(List<Integer> reaches) {
    UnclippedTally tally = new UnclippedTally();
    for (int reach : reaches) {
      QuantError error = new QuantError(1, reach, 0, 0, 1);
      tally.add(CHOSEN, 1, error, new Range(-1, reach), error);
    }
    return tally;
  }

  /** Few distances among many scales, so that most are the same. */
  @Test
  void theFarthestAreThoseOfAPlainSort() {
    Random random = new Random(11);
    for (int kinds : new int[] {2, 5, 400, 100_000}) {
      List<Integer> reaches = new ArrayList<>();
      for (int i = 0; i < 3000; i++) {
        reaches.add(1 + random.nextInt(kinds));
      }
      List<Integer> clipped =
          IntStream.range(0, reaches.size()).filter(i -> reaches.get(i) > 1).boxed().toList();
      UnclippedRange found = tally(reaches).ofChannels();
      assertThat(found.clippedChannels()).hasValue(clipped.size());
      assertThat(found.farthest())
          .extracting(UnclippedRange.Channel::channel)
          .containsExactlyElementsOf(
              clipped.stream()
                  .sorted(Comparator.<Integer>comparingInt(reaches::get).reversed())
                  .limit(UnclippedRange.MOST)
                  .toList());
      assertThat(found.farthest())
          .allSatisfy(
              each ->
                  assertThat(each.range()).isEqualTo(new Range(-1, reaches.get(each.channel()))));
    }
  }

  @Test
  void fewScalesAreAllKept() {
    UnclippedRange found = tally(List.of(1, 3, 2, 3)).ofChannels();
    assertThat(found.clippedChannels()).hasValue(3);
    assertThat(found.farthest())
        .extracting(UnclippedRange.Channel::channel)
        .containsExactly(1, 3, 2);
    assertThat(tally(List.of(1, 1)).ofChannels().farthest()).isEmpty();
    assertThat(tally(List.of(3, 2)).ofTensor().clippedChannels()).isEmpty();
  }
}
