package dev.tare.jobs.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.quantize.QuantizeTask.Slice;
import dev.tare.jobs.quantize.QuantizeTask.Slices;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Slices on their way to tasks. */
class SlicesTest {

  private static final List<Slice> SLICES =
      List.of(
          new Slice(0, 0, 0, 8),
          new Slice(0, 1, 8, 3),
          new Slice(1, 0, 0, 5),
          new Slice(2, 0, 0, 1),
          new Slice(2, 1, 1L << 33, 2));

  private static Slices of(int tasks) {
    return new Slices(List.of(new byte[] {1}, new byte[] {2, 3}, new byte[0]), SLICES, tasks);
  }

  @Test
  void everySliceIsInOneTaskAndTheirOrderIsKept() {
    for (int tasks = 1; tasks <= SLICES.size(); tasks++) {
      Slices slices = of(tasks);
      assertThat(LongStream.range(0, tasks).boxed().flatMap(task -> slices.of(task).stream()))
          .containsExactlyElementsOf(SLICES);
      assertThat(LongStream.range(0, tasks)).allMatch(task -> !slices.of(task).isEmpty());
    }
    assertThat(new Slices(List.of(), List.of(), 1).of(0)).isEmpty();
  }
}
