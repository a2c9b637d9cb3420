package dev.tare.jobs.calibrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.observe.ChannelMode;
import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.TaskHeap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatePlanTest {

  private static final Optional<ChannelMode> AUTO = Optional.empty();

  /** Tensors of equal numbers of channels. */
  private static Map<String, Long> counts(int tensors, long channels) {
    Map<String, Long> counts = new TreeMap<>();
    for (int i = 0; i < tensors; i++) {
      counts.put("t" + i, channels);
    }
    return counts;
  }

  private static final TreeSet<StateKind> HISTOGRAMS = new TreeSet<>(List.of(StateKind.HISTOGRAM));

  private static List<ObservedTensor> tensors(int number) {
    List<ObservedTensor> tensors = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      tensors.add(new ObservedTensor("t" + i, ChannelMode.HISTOGRAM, 5, -1));
    }
    return tensors;
  }

  private static StatePlan plan(int tensors, long channels, Optional<ChannelMode> asked) {
    return StatePlan.of(tensors(tensors), counts(tensors, channels), asked, HISTOGRAMS);
  }

  private static TaskHeap heap(long megabytes) {
    return new TaskHeap(megabytes << 20, 0.6, "SIZE=%s", 2);
  }

  @ParameterizedTest
  @CsvSource({
    // MiniLM, cls and rec of the demos; BERT of twelve layers
    "24, 672, HISTOGRAM",
    "54, 58, HISTOGRAM",
    "47, 214, HISTOGRAM",
    "48, 1344, HISTOGRAM",
    // a text reader, an embedding's axis, everything of a large model
    "102, 1683, EXTREMES",
    "1, 1000000, EXTREMES",
    "1, 12000000, NONE",
    "5000, 768, NONE"
  })
  void autoKeepsTheMostThatFitsItsLimit(int tensors, long channels, ChannelMode expected) {
    StatePlan plan = plan(tensors, channels, AUTO);
    assertThat(plan.mode()).isEqualTo(expected);
    assertThat(plan.observed()).allSatisfy(t -> assertThat(t.channelMode()).isEqualTo(expected));
    assertThat(plan.channels()).isEqualTo(tensors * channels);
  }

  @Test
  void whatIsAskedForIsKeptWhateverItTakes() {
    StatePlan plan = plan(102, 1683, Optional.of(ChannelMode.HISTOGRAM));
    assertThat(plan.mode()).isEqualTo(ChannelMode.HISTOGRAM);
    assertThat(plan.bytes()).isGreaterThan(StatePlan.AUTO_BYTES).isEqualTo(plan.histogramBytes());
    assertThat(plan(3, 5, Optional.of(ChannelMode.NONE)).mode()).isEqualTo(ChannelMode.NONE);
  }

  @Test
  void tensorsWithoutChannelsAreKeptWhole() {
    StatePlan plan = StatePlan.of(tensors(2), Map.of("t1", 7L), AUTO, HISTOGRAMS);
    assertThat(plan.observed())
        .extracting(ObservedTensor::channelMode)
        .containsExactly(ChannelMode.NONE, ChannelMode.HISTOGRAM);
    assertThat(plan.channels()).isEqualTo(7);
  }

  @Test
  void momentsTakeRoomBesideAndChangeNoHistogram() {
    TreeSet<StateKind> both = new TreeSet<>(List.of(StateKind.HISTOGRAM, StateKind.MOMENTS));
    // One channel more, and auto would keep extremes.
    for (long channels : new long[] {16_500, 1_000_000, 12_000_000}) {
      StatePlan alone = plan(2, channels, AUTO);
      StatePlan beside = StatePlan.of(tensors(2), counts(2, channels), AUTO, both);
      assertThat(beside.mode()).isEqualTo(alone.mode());
      long kept = alone.mode() == ChannelMode.NONE ? 1 : channels;
      assertThat(beside.bytes() - alone.bytes()).isEqualTo(2 * (4096 + 480 * kept));
    }
  }

  /** As engine/docs/statistics-format.md says. */
  @Test
  void foldsTakeRoomBesideAndChangeNoHistogram() {
    TreeSet<StateKind> both = new TreeSet<>(List.of(StateKind.HISTOGRAM, StateKind.FOLDS));
    StatePlan alone = plan(2, 100, AUTO);
    StatePlan beside = StatePlan.of(tensors(2), counts(2, 100), AUTO, both);
    assertThat(beside.observed()).isEqualTo(alone.observed());
    assertThat(beside.bytes() - alone.bytes())
        .isEqualTo(2 * 8 * (4096 + 1024 + (1 << 16) + 104 * 100));
  }

  @Test
  void whatAutoKeepsFitsAnExecutorOfTwoGigabytes() {
    assertThat(heap(2048).room()).isGreaterThanOrEqualTo(StatePlan.AUTO_BYTES);
  }

  @Test
  void aHeapTooSmallIsRefusedWithTheSizeThatWillDoAndWithWhatTakesLess() {
    Map<String, Long> counts = counts(102, 1683);
    StatePlan plan = plan(102, 1683, Optional.of(ChannelMode.HISTOGRAM));
    assertThatThrownBy(() -> plan.requireRoom(heap(2048), counts))
        .isInstanceOfSatisfying(
            TareException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
        .hasMessage(
            "Calibration keeps histograms of 171666 channels of 102 tensors. A task needs up to 2.2"
                + " GB for its counts, but of a heap of 2.0 GB Spark leaves 900 MB: set SIZE=5632m,"
                + " or --channels extremes (93 MB), or --channels none (76 MB), or observe less"
                + " with --observe.");
    plan.requireRoom(heap(5632), counts);
    assertThatThrownBy(() -> plan.requireRoom(heap(5376), counts))
        .isInstanceOf(TareException.class);
    assertThatThrownBy(() -> plan.requireRoom(heap(150), counts))
        .hasMessageNotContaining("--channels");
  }

  @Test
  void heapsAreCountedAsSparkCountsThem() {
    assertThat(heap(1024).room()).isEqualTo((924L << 20) - (long) ((724L << 20) * 0.6));
    assertThat(heap(200).room()).isEqualTo(100L << 20);
    assertThat(heap(80).room()).isZero();
    assertThat(heap(2048).settingOf(2L << 30)).isEqualTo("SIZE=2g");
    assertThat(heap(2048).settingOf((2L << 30) + 1)).isEqualTo("SIZE=2304m");
    assertThat(heap(2048).hasRoomForAll(440 << 20)).isTrue();
    assertThat(heap(2048).hasRoomForAll(460 << 20)).isFalse();
  }

  @Test
  void theReasonIsSaidOnlyWhereAutoKeptLess() {
    assertThat(plan(24, 672, AUTO).describe(true)).isEqualTo("histograms of 16128 channels");
    assertThat(plan(102, 1683, AUTO).describe(true))
        .isEqualTo(
            "extremes of 171666 channels (histograms would take 2.2 GB a task, --channels auto"
                + " allows 896 MB)");
    assertThat(plan(3, 5, Optional.of(ChannelMode.EXTREMES)).describe(false))
        .isEqualTo("extremes of 15 channels");
  }
}
