package dev.tare.jobs.calibrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.observe.CodeProducts;
import dev.tare.engine.observe.GramObserver;
import dev.tare.engine.pass.GramInput;
import dev.tare.engine.statistics.GramScales;
import dev.tare.jobs.TareException;
import dev.tare.jobs.TaskHeap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class GramPlanTest {

  private static GramPlan plan(Map<String, Integer> rows) {
    SortedMap<String, GramInput> inputs = new TreeMap<>();
    SortedMap<String, GramScales> scales = new TreeMap<>();
    long bytes = 0;
    for (Map.Entry<String, Integer> each : rows.entrySet()) {
      String name = each.getKey();
      inputs.put(name, new GramInput(name, name, -1, Optional.empty()));
      scales.put(name, GramScales.ofReaches(Collections.nCopies(each.getValue(), 1f)));
      bytes += GramObserver.heapBytes(each.getValue());
    }
    return new GramPlan(inputs, scales, new TreeSet<>(), bytes, CodeProducts.bytesBeside(8192));
  }

  private static TaskHeap heap(long megabytes) {
    return new TaskHeap(megabytes << 20, .5, "--executor-memory %s", 2);
  }

  private static long bytes(int full, int alone) {
    return GramObserver.heapBytes(full) + GramObserver.diagonalBytes(alone);
  }

  @Test
  void onlyDiagonalsOfTheLargestMatricesAreKeptUntilAllFit() {
    GramPlan plan = plan(Map.of("a", 512, "b", 8192, "c", 1024));
    List<String> notices = new ArrayList<>();
    GramPlan some = plan.fitting(heap(400), OptionalInt.empty(), notices::add);
    assertThat(some.inputs()).isEqualTo(plan.inputs());
    assertThat(some.scales()).isEqualTo(plan.scales());
    assertThat(some.diagonal()).containsExactly("b");
    assertThat(some.bytes()).isEqualTo(bytes(512, 8192) + GramObserver.heapBytes(1024));
    assertThat(some.beside()).isEqualTo(CodeProducts.bytesBeside(1024));
    assertThat(notices)
        .singleElement()
        .asString()
        .startsWith(
            "Of 1 of 3 Gram matrices only the diagonals are kept, and the weights of these inputs"
                + " are rounded to nearest")
        .contains("--executor-memory")
        .endsWith("The largest is of tensor 'b' with 8192 rows");
    assertThat(plan.fitting(heap(100_000), OptionalInt.empty(), notices::add)).isSameAs(plan);
    assertThat(notices).hasSize(1);
  }

  @Test
  void aStatedLimitLeavesDiagonalsWhateverTheHeap() {
    GramPlan plan = plan(Map.of("a", 512, "b", 8192, "c", 1024));
    List<String> notices = new ArrayList<>();
    GramPlan none = plan.fitting(heap(100_000), OptionalInt.of(1), notices::add);
    // What a task needs besides is not counted.
    assertThat(none.diagonal()).containsExactly("b");
    GramPlan large = plan(Map.of("b", 8192, "c", 8000));
    assertThat(large.fitting(heap(100_000), OptionalInt.of(1), notices::add).diagonal())
        .containsExactly("b", "c");
    assertThat(large.fitting(heap(100_000), OptionalInt.of(1), notices::add).beside()).isZero();
    assertThat(notices).hasSize(3).allMatch(n -> n.contains("but --gram-memory is 1 MB"));
  }

  @Test
  void heapWithoutRoomForDiagonalsIsRefused() {
    GramPlan plan = plan(Map.of("b", 8192));
    assertThat(plan.fitting(heap(200), OptionalInt.empty(), notice -> {}).diagonal())
        .containsExactly("b");
    assertThatThrownBy(() -> plan.fitting(heap(100), OptionalInt.empty(), notice -> {}))
        .isInstanceOf(TareException.class)
        .hasMessageStartingWith("A task needs up to")
        .hasMessageContaining("for 1 Gram matrices");
  }
}
