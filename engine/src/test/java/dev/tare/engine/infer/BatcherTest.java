package dev.tare.engine.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.tensor.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatcherTest {

  @ParameterizedTest
  @CsvSource({"1, 1, 50", "2, 3, 100", "8, 5, 1000", "8, 3000, 4000", "2000, 4, 3000"})
  void everySampleGoesOutOnceAmongEqualShapes(int batchSize, int shapes, int samples) {
    Random random = new Random(batchSize * 31L + shapes);
    List<Integer> seen = new ArrayList<>();
    Batcher<Sample> batcher =
        new Batcher<>(
            batchSize,
            sample -> sample,
            batch -> {
              assertThat(batch).hasSizeBetween(1, batchSize);
              assertThat(batch).extracting(Sample::shapeKey).containsOnly(batch.get(0).shapeKey());
              batch.forEach(sample -> seen.add((int) TestModels.values(sample)[0]));
            });
    for (int i = 0; i < samples; i++) {
      float[] values = new float[1 + random.nextInt(shapes)];
      values[0] = i;
      batcher.add(TestModels.sample(values));
      assertThat(i + 1 - seen.size()).as("waiting").isLessThanOrEqualTo(1024);
    }
    batcher.flush();
    assertThat(seen).hasSize(samples).doesNotHaveDuplicates();
    batcher.flush();
    assertThat(seen).hasSize(samples);
  }

  @Test
  void fullBatchGoesOutAtOnceInOrder() {
    List<List<Sample>> batches = new ArrayList<>();
    Batcher<Sample> batcher = new Batcher<>(2, sample -> sample, batches::add);
    Sample first = TestModels.sample(1);
    Sample other = TestModels.sample(1, 2);
    Sample second = TestModels.sample(3);
    batcher.add(first);
    batcher.add(other);
    assertThat(batches).isEmpty();
    batcher.add(second);
    assertThat(batches).containsExactly(List.of(first, second));
    batcher.flush();
    assertThat(batches).containsExactly(List.of(first, second), List.of(other));
  }

  @Test
  void batchSizeIsAtLeastOne() {
    assertThatThrownBy(() -> new Batcher<Sample>(0, sample -> sample, batch -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid batch size: 0");
  }

  @Test
  void largeSamplesThatFindNoCompanyGoOutEarly() {
    List<List<Sample>> batches = new ArrayList<>();
    Batcher<Sample> batcher = new Batcher<>(8, sample -> sample, batches::add);
    int sixteenMiB = 4 << 20;
    for (int i = 0; i < 6; i++) {
      batcher.add(TestModels.sample(new float[sixteenMiB + i]));
      assertThat((i + 1L - batches.size()) * (16 << 20))
          .as("waiting")
          .isLessThanOrEqualTo(Batcher.MAX_WAITING_BYTES);
    }
    batcher.flush();
    assertThat(batches).hasSize(6).allSatisfy(batch -> assertThat(batch).hasSize(1));
  }

  @Test
  void aBatchOfLargeSamplesIsLeftWhole() {
    List<List<Sample>> batches = new ArrayList<>();
    Batcher<Sample> batcher = new Batcher<>(2, sample -> sample, batches::add);
    batcher.add(TestModels.sample(new float[5 << 20]));
    batcher.add(TestModels.sample(new float[5 << 20]));
    assertThat(batches).hasSize(1).allSatisfy(batch -> assertThat(batch).hasSize(2));
  }
}
