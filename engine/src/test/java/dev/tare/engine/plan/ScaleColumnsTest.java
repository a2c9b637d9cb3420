package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScaleColumnsTest {

  private static final Limits FULL = Limits.of(QuantType.INT4);

  private static ChannelPlan entry(float scale, int zeroPoint) {
    return new ChannelPlan(
        new Range(-scale, 2 * scale),
        new QuantParams(QuantType.INT8, scale, zeroPoint),
        scale / 8,
        Double.NaN);
  }

  @Test
  void entriesComeBackInTheirOrder() {
    List<ChannelPlan> entries = new ArrayList<>();
    ScaleColumns.Builder builder = new ScaleColumns.Builder(QuantType.INT8, 1);
    for (int i = 1; i <= 100; i++) {
      entries.add(entry(i / 128f, i));
      builder.add(entries.get(i - 1));
    }
    ScaleColumns columns = builder.build();
    assertThat(columns).containsExactlyElementsOf(entries).isEqualTo(ScaleColumns.of(entries));
    assertThat(columns).hasSameHashCodeAs(ScaleColumns.of(entries));
    assertThat(columns.size()).isEqualTo(100);
    assertThat(columns.params()).extracting(QuantParams::zeroPoint).endsWith(99, 100);
    assertThat(columns.low(3)).isEqualTo(-4 / 128f);
    assertThat(columns.high(3)).isEqualTo(8 / 128f);
    assertThat(columns.clippedShare(3)).isEqualTo(4 / 1024.0);
  }

  @Test
  void anyOtherEntryMakesOthers() {
    ScaleColumns columns = ScaleColumns.of(List.of(entry(1, 1), entry(2, 2)));
    assertThat(columns)
        .isNotEqualTo(ScaleColumns.of(entry(1, 1)))
        .isNotEqualTo(ScaleColumns.of(List.of(entry(2, 2), entry(1, 1))))
        .isNotEqualTo(ScaleColumns.of(List.of(entry(1, 1), entry(2, 3))))
        .isNotEqualTo(ScaleColumns.none());
    ChannelPlan first = entry(1, 1);
    assertThat(ScaleColumns.of(first))
        .isNotEqualTo(
            ScaleColumns.of(new ChannelPlan(new Range(-1, 1), first.params(), 1 / 8.0, Double.NaN)))
        .isNotEqualTo(
            ScaleColumns.of(new ChannelPlan(first.range(), first.params(), 0, Double.NaN)))
        .isNotEqualTo(ScaleColumns.of(new ChannelPlan(first.range(), first.params(), 1 / 8.0, 3)));
  }

  @Test
  void arraysAreNotShared() {
    float[] scales = {1, 2};
    int[] zeroPoints = {0, 1};
    ScaleColumns blocks = ScaleColumns.ofBlocks(QuantType.INT4, FULL, scales, zeroPoints, .5, 20);
    scales[0] = 9;
    zeroPoints[0] = 9;
    blocks.scales()[1] = 9;
    blocks.zeroPoints()[1] = 9;
    assertThat(blocks.scales()).containsExactly(1, 2);
    assertThat(blocks.zeroPoints()).containsExactly(0, 1);
  }

  @Test
  void blocksHaveTheRangeOfTheirIntegersAndTheErrorOfAll() {
    ScaleColumns blocks =
        ScaleColumns.ofBlocks(
            QuantType.INT4, FULL, new float[] {1, .5f}, new int[] {0, -2}, .25, 17);
    assertThat(blocks.range(0)).isEqualTo(new Range(-8, 7));
    assertThat(blocks.range(1)).isEqualTo(new Range(-3, 4.5f));
    assertThat(blocks.clippedShare(1)).isEqualTo(.25);
    assertThat(blocks.expectedSqnrDb(1)).isEqualTo(17);
    assertThat(blocks).isEqualTo(ScaleColumns.of(List.of(blocks.get(0), blocks.get(1))));
  }

  @Test
  void floorsWidenOnlyWhatIsBelow() {
    ScaleColumns columns = ScaleColumns.of(List.of(entry(1, 1), entry(2, 2)));
    ScaleColumns wider = columns.atLeast(new float[] {1.5f, 1.5f});
    assertThat(wider.scales()).containsExactly(1.5f, 2);
    assertThat(wider.range(0)).isEqualTo(columns.range(0));
    assertThat(columns.scales()).containsExactly(1, 2);
  }

  @Test
  void whatIsNoScaleIsRefused() {
    assertThatThrownBy(
            () ->
                ScaleColumns.of(
                    List.of(
                        entry(1, 0),
                        new ChannelPlan(
                            new Range(0, 1), new QuantParams(QuantType.UINT8, 1, 0), 0, 1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid scales: UINT8 among INT8");
    assertThatThrownBy(
            () ->
                ScaleColumns.ofBlocks(
                    QuantType.INT4, FULL, new float[] {1, -1}, new int[] {0, 0}, 0, 0))
        .hasMessage("Invalid scale: -1.0");
    assertThatThrownBy(
            () -> ScaleColumns.ofBlocks(QuantType.INT4, FULL, new float[2], new int[1], 0, 0))
        .hasMessage("Invalid blocks: 2 scales and 1 zero points");
  }
}
