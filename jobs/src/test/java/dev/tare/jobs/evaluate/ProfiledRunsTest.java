package dev.tare.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProfiledRunsTest {

  private static List<List<Sample>> batches(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> List.of(Sample.of(Map.of("x", Tensor.ofFloats(Shape.of(1), i)))))
        .toList();
  }

  @Test
  void everyBatchHasItsTurn() {
    List<List<Sample>> few = batches(5);
    assertThat(new ProfiledRuns(List.of("y"), few).turns())
        .hasSize(12)
        .startsWith(few.get(0), few.get(1), few.get(2), few.get(3), few.get(4), few.get(0));
    List<List<Sample>> many = batches(20);
    assertThat(new ProfiledRuns(List.of("y"), many).turns()).isEqualTo(many);
  }
}
