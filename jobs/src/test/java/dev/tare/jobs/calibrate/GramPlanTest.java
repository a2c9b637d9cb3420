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
import java.util.SortedMap;
import java.util.TreeMap;
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
    return new GramPlan(inputs, scales, bytes, CodeProducts.bytesBeside(8192));
  }

  private static TaskHeap heap(long megabytes) {
    return new TaskHeap(megabytes << 20, .5, "--executor-memory %s", 2);
  }

  @Test
  void largestMatricesAreLeftOutUntilTheOthersFit() {
    GramPlan plan = plan(Map.of("a", 512, "b", 8192, "c", 1024));
    List<String> notices = new ArrayList<>();
    GramPlan some = plan.fitting(heap(400), notices::add);
    assertThat(some.inputs().keySet()).containsExactly("a", "c");
    assertThat(some.scales().keySet()).containsExactly("a", "c");
    assertThat(some.bytes()).isEqualTo(GramObserver.heapBytes(512) + GramObserver.heapBytes(1024));
    assertThat(some.beside()).isEqualTo(CodeProducts.bytesBeside(1024));
    assertThat(notices)
        .singleElement()
        .asString()
        .startsWith("No Gram matrices of 1 of 3 inputs, whose weights are rounded to nearest")
        .contains("--executor-memory")
        .endsWith("The largest is of tensor 'b' with 8192 rows");
    assertThat(plan.fitting(heap(100_000), notices::add)).isSameAs(plan);
    assertThat(notices).hasSize(1);
  }

  @Test
  void heapWithoutRoomForAnyIsRefused() {
    GramPlan plan = plan(Map.of("b", 8192));
    assertThatThrownBy(() -> plan.fitting(heap(200), notice -> {}))
        .isInstanceOf(TareException.class)
        .hasMessageStartingWith("A task needs up to")
        .hasMessageContaining("for 1 Gram matrices");
  }
}
