package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlanDocumentTest {

  private static final int MANY = QuantPlanJson.LISTED + 1;

  private static TensorPlan channels(String name, int count) {
    Target target = new Target(QuantType.INT8, true, true, false);
    List<ChannelPlan> entries = new ArrayList<>();
    for (int c = 0; c < count; c++) {
      Range range = new Range(-1 - c / 64f, 1);
      entries.add(new ChannelPlan(range, target.params(range), c / 4096.0, 30 + c / 8.0));
    }
    return constant(
        name, Shape.of(count, 3), target, Granularity.perChannel(0), ScaleColumns.of(entries));
  }

  private static TensorPlan blocks(String name, int count) {
    Target target = new Target(QuantType.INT4, false, false, false);
    float[] scales = new float[count];
    int[] zeroPoints = new int[count];
    for (int b = 0; b < count; b++) {
      scales[b] = 1 + b / 128f;
      zeroPoints[b] = b % 8 - 4;
    }
    return constant(
        name,
        Shape.of(2L * count, 1),
        target,
        Granularity.perBlock(0, 2),
        ScaleColumns.ofBlocks(target.type(), target.limits(), scales, zeroPoints, .25, 17));
  }

  private static TensorPlan constant(
      String name, Shape shape, Target target, Granularity granularity, ScaleColumns scales) {
    return new TensorPlan(
        name,
        Role.WEIGHT,
        Format.QDQ,
        List.of("node"),
        Optional.empty(),
        Optional.of(shape),
        target,
        "min-max",
        "recipe",
        granularity,
        scales);
  }

  private static QuantPlan plan(TensorPlan... tensors) {
    return new QuantPlan("r", "m", "s", List.of(tensors));
  }

  private static void give(GivenScales to, ScaleColumns scales) {
    for (int c = 0; c < scales.size(); c++) {
      to.add(c, scales.get(c));
    }
  }

  @Test
  void upToAThousandScalesAreListed() {
    QuantPlan plan = plan(channels("a", QuantPlanJson.LISTED), blocks("b", QuantPlanJson.LISTED));
    String json = QuantPlanJson.format(plan);
    assertThat(json).contains("\"format-version\" : 2").doesNotContain("scales-in-table");
    assertThat(QuantPlanJson.document(json).listsAll()).isTrue();
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
  }

  @Test
  void moreAreTakenFromATable() {
    QuantPlan plan = plan(channels("a", MANY), blocks("b", MANY), channels("c", 2));
    String json = QuantPlanJson.format(plan);
    assertThat(json)
        .contains("\"format-version\" : 3")
        .containsOnlyOnce("\"scale\"")
        .contains("\"scales-in-table\" : 1001");
    PlanDocument document = QuantPlanJson.document(json);
    assertThat(document.listsAll()).isFalse();
    assertThat(document.scales()).extracting(GivenScales::tensor).containsExactly("a", "b", "c");
    for (int t = 0; t < 3; t++) {
      give(document.scales().get(t), plan.tensors().get(t).channels());
      document.scales().get(t).requireAll();
    }
    assertThat(document.plan()).isEqualTo(plan);
  }

  @Test
  void bytesComeBack() {
    TensorPlan activation =
        new TensorPlan(
            "x",
            Role.ACTIVATION,
            Format.QDQ,
            List.of(),
            Optional.of("it is odd"),
            Optional.empty(),
            new Target(QuantType.UINT8, false, false, false),
            "min-max",
            "recipe",
            Granularity.perTensor(),
            ScaleColumns.none());
    for (TensorPlan plan :
        List.of(channels("a", MANY), blocks("b", MANY), channels("c", 1), activation)) {
      assertThat(PlanCodec.decode(PlanCodec.encode(plan))).isEqualTo(plan);
    }
    assertThat(PlanCodec.encode(blocks("b", 100_000)).length).isLessThan(100_000 * 8 + 1000);
  }

  @Test
  void tableThatContradictsTheTextIsRefusedByTensor() {
    QuantPlan plan = plan(channels("a", MANY), blocks("b", MANY), channels("c", 2));
    String json = QuantPlanJson.format(plan);
    assertThatThrownBy(() -> QuantPlanJson.parse(json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tensor 'a'")
        .hasMessageContaining("its 1001 scales are in the plan's table, which gave 0");
    List<GivenScales> scales = QuantPlanJson.document(json).scales();
    ScaleColumns first = plan.tensors().get(0).channels();
    scales.get(0).add(0, first.get(0));
    assertThatThrownBy(() -> scales.get(0).requireAll())
        .hasMessage("Invalid plan of weight 'a': the table has 1 of its 1001 scales");
    assertThatThrownBy(() -> scales.get(0).add(2, first.get(2)))
        .hasMessage("Invalid plan of weight 'a': the table has scale 2 where 1 must be next");
    assertThatThrownBy(() -> scales.get(0).add(0, first.get(0)))
        .hasMessage("Invalid plan of weight 'a': the table has scale 0 where 1 must be next");
    ScaleColumns blocks = plan.tensors().get(1).channels();
    scales.get(1).add(0, blocks.get(0));
    ChannelPlan block = blocks.get(1);
    for (ChannelPlan other :
        List.of(
            new ChannelPlan(new Range(-1, 1), block.params(), .25, 17),
            new ChannelPlan(block.range(), block.params(), .5, 17),
            new ChannelPlan(block.range(), block.params(), .25, 18))) {
      assertThatThrownBy(() -> scales.get(1).add(1, other))
          .hasMessageStartingWith("Invalid plan of weight 'b': block 1 is ");
    }
    ScaleColumns listed = plan.tensors().get(2).channels();
    scales.get(2).add(0, listed.get(0));
    ChannelPlan wider =
        new ChannelPlan(
            listed.range(1),
            new QuantParams(QuantType.INT8, 2, 0),
            listed.clippedShare(1),
            listed.expectedSqnrDb(1));
    assertThatThrownBy(() -> scales.get(2).add(1, wider))
        .hasMessageStartingWith(
            "Invalid plan of weight 'c': the text and the table contradict each other at 1: ");
    scales.get(2).add(1, listed.get(1));
    assertThatThrownBy(() -> scales.get(2).add(2, listed.get(1)))
        .hasMessage(
            "Invalid plan of weight 'c': the table has a scale 2, but the text says that there are"
                + " 2");
  }

  @Test
  void pointerThatIsNoneIsRefused() {
    String json = QuantPlanJson.format(plan(channels("a", MANY)));
    String pointer = "\"scales-in-table\" : 1001";
    for (String[] change :
        new String[][] {
          {pointer, "\"scales-in-table\" : 0", "'scales-in-table' is 0"},
          {pointer, "\"scales-in-table\" : -1", "'scales-in-table' is -1"},
          {pointer, "\"scales-in-table\" : \"9\"", "'scales-in-table' must be a whole number"},
          {pointer, pointer + ", \"scale\" : [ 1 ]", "and there are scales beside it"},
          {pointer, pointer + ", \"high\" : [ 1 ]", "and there are scales beside it"},
          {"\"format-version\" : 3", "\"format-version\" : 2", "unknown key 'scales-in-table'"},
        }) {
      assertThat(json).contains(change[0]);
      assertThatThrownBy(() -> QuantPlanJson.document(json.replace(change[0], change[1])))
          .hasMessageContaining("Entry 0, tensor 'a'")
          .hasMessageContaining(change[2]);
    }
    PlanDocument fewer =
        QuantPlanJson.document(json.replace(pointer, "\"scales-in-table\" : 1000"));
    give(fewer.scales().get(0), channels("a", 1000).channels());
    assertThatThrownBy(fewer::plan).hasMessageContaining("1000 scales for shape [1001, 3]");
  }
}
