package dev.tare.engine.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.tuple;

import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Plans;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.write.CorrectedModel;
import dev.tare.engine.pass.CompensatedProducts.Product;
import dev.tare.engine.plan.CompensatedPlan;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.plan.WeightCheck;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.target.OnnxRuntimeTarget;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.testkit.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;

class CompensatedProductsTest {

  private static OnnxModel model() {
    return Models.exported(13)
        .input("x", "n", 3, 4, 4)
        .weight("k", 2, 3, 3, 3)
        .weight("kb", 2)
        .weight("plain", 2, 2, 1, 1)
        .constantNode("w", 4, 2)
        .weight("b", 2)
        .weight("shared", 2, 2)
        .node("Conv", "conv", List.of("x", "k", "kb"), "c")
        .node("Conv", "bare", List.of("c", "plain"), "d")
        .node("Flatten", "flat", List.of("d"), "f")
        .weight("g", 8, 4)
        .weight("gb", 4)
        .node("Gemm", "gemm", List.of("f", "g", "gb"), "h", Models.number("alpha", .5f))
        .node("MatMul", "product", List.of("h", "w"), "p")
        .node("Add", "sum", List.of("p", "b"), "s")
        .node("MatMul", "twice", List.of("s", "shared"), "t")
        .node("MatMul", "again", List.of("t", "shared"), "y")
        .output("y")
        .build();
  }

  private static final PairedFit FIT =
      new PairedFit(List.of(1.25f, .5f), List.of(.125f, -.25f), 2, 1, .5);

  private static QuantPlan plan(OnnxModel model) {
    return Plans.everything(model);
  }

  private static byte[] codes(OnnxModel model, TensorPlan plan) {
    Tensor codes =
        Quantizer.quantize(
            OnnxGraph.of(model).constant(plan.tensor()),
            plan.params(),
            plan.granularity(),
            plan.limits(),
            Rounding.DIVISION);
    byte[] bytes = new byte[codes.bytes().remaining()];
    codes.bytes().get(bytes);
    return bytes;
  }

  @Test
  void productsWithABiasAreTakenAndOthersAreLeftWithTheReason() {
    OnnxModel model = model();
    CompensatedProducts found = CompensatedProducts.of(plan(model), OnnxGraph.of(model));
    assertThat(found.products())
        .containsExactly(
            new Product("conv", "k", "conv", "kb", "kb_compensated", "c", 1, 0, true),
            new Product("product", "w", "sum", "b", "b_compensated", "s", -1, 1, true));
    assertThat(found.left())
        .containsEntry("bare", "it adds no constant bias, which could take a shift")
        .containsEntry("gemm", "its sum has factors")
        .containsEntry("twice", "other operators read its weight too")
        .containsEntry("again", "other operators read its weight too")
        .hasSize(4);
  }

  /** As by a placement that quantizes every operator, not products alone. */
  @Test
  void productsBehindWhichAQuantizedSumIsReadAreLeft() {
    OnnxModel model = model();
    List<String> sum = List.of("sum");
    TensorPlan bias =
        Plans.plan(
            "b",
            Role.WEIGHT,
            sum,
            Optional.of(Shape.of(2)),
            QuantType.INT8,
            OptionalInt.empty(),
            0,
            .01f);
    assertThat(leftBy(model, bias))
        .containsEntry(
            "product", "the Add behind it reads its bias as a quantized constant of its own");
    assertThat(leftBy(model, Plans.activation("p", sum)))
        .containsEntry(
            "product", "its sums are quantized before the bias, and a gain could exceed them");
    assertThat(leftBy(model, Plans.activation("s", List.of("twice")))).doesNotContainKey("product");
  }

  private static SortedMap<String, String> leftBy(OnnxModel model, TensorPlan more) {
    List<TensorPlan> tensors = new ArrayList<>(plan(model).tensors());
    tensors.add(more);
    return CompensatedProducts.of(Plans.of(tensors), OnnxGraph.of(model)).left();
  }

  @Test
  void gainsGoIntoScalesAndBiasesAndTheIntegersOfWeightsStay() {
    OnnxModel model = model();
    QuantPlan plan = plan(model);
    OnnxGraph graph = OnnxGraph.of(model);
    List<Product> products = CompensatedProducts.of(plan, graph).products();
    QuantPlan changed =
        CompensatedPlan.of(plan, graph, products.stream().map(p -> p.on(FIT)).toList());
    assertThat(changed.corrected())
        .extracting(CorrectedBias::node, CorrectedBias::bias, CorrectedBias::result)
        .containsExactly(
            tuple("conv", "kb", "kb_compensated"), tuple("product", "b", "b_compensated"));
    OnnxModel written = CorrectedModel.of(model, changed.corrected());
    for (String name : List.of("k", "w")) {
      TensorPlan before = plan.find(name, Role.WEIGHT).orElseThrow();
      TensorPlan after = changed.find(name, Role.WEIGHT).orElseThrow();
      assertThat(after.scales())
          .containsExactly(before.scales()[0] * 1.25f, before.scales()[1] * .5f);
      assertThat(codes(written, after)).isEqualTo(codes(model, before));
      WeightCheck.requireWidthExplained(
          OnnxRuntimeTarget.INSTANCE, OnnxGraph.of(written), changed, after);
    }
    float[] bias = graph.constant("kb").toFloatArray();
    assertThat(OnnxGraph.of(written).constant("kb_compensated").toFloatArray())
        .containsExactly((float) (bias[0] * 1.25 + .125), (float) (bias[1] * .5 - .25));
    // The bias has the scale of its sums, and the plan its new name only.
    assertThat(changed.find("kb", Role.BIAS)).isEmpty();
    float input = changed.find("x", Role.ACTIVATION).orElseThrow().scales()[0];
    float[] scales = changed.find("k", Role.WEIGHT).orElseThrow().scales();
    assertThat(changed.find("kb_compensated", Role.BIAS).orElseThrow().scales())
        .containsExactly(input * scales[0], input * scales[1]);
  }

  @Test
  void changesAddUp() {
    OnnxModel model = model();
    QuantPlan plan = plan(model);
    OnnxGraph graph = OnnxGraph.of(model);
    List<Product> products = CompensatedProducts.of(plan, graph).products();
    QuantPlan once = CompensatedPlan.of(plan, graph, List.of(products.get(0).on(FIT)));
    OnnxGraph then = OnnxGraph.of(CorrectedModel.of(model, once.corrected()));
    Product again = CompensatedProducts.of(once, then).products().get(0);
    assertThat(again.bias()).isEqualTo("kb_compensated");
    QuantPlan twice = CompensatedPlan.of(once, then, List.of(again.on(FIT)));
    CorrectedBias bias = twice.corrected().get(0);
    assertThat(bias.bias()).isEqualTo("kb");
    assertThat(bias.result()).isEqualTo("kb_compensated");
    assertThat(bias.gains()).containsExactly(1.5625f, .25f);
    assertThat(bias.correction()).containsExactly(1.25f * .125f + .125f, .5f * -.25f - .25f);
    assertThat(twice.find("kb_compensated", Role.BIAS)).isPresent();
  }

  /** A bias of 32 bits cannot have this shift. */
  @Test
  void aShiftThatDoesNotFitIsLeftOut() {
    OnnxModel model = model();
    QuantPlan plan = plan(model);
    OnnxGraph graph = OnnxGraph.of(model);
    Product conv = CompensatedProducts.of(plan, graph).products().get(0);
    PairedFit huge = new PairedFit(List.of(1.25f, 1f), List.of(1e9f, 1f), 2, 1, .5);
    CorrectedBias bias = CompensatedPlan.of(plan, graph, List.of(conv.on(huge))).corrected().get(0);
    assertThat(bias.gains()).isEmpty();
    assertThat(bias.correction()).containsExactly(0f, 1f);
    PairedFit none = new PairedFit(List.of(1.25f, .5f), List.of(1e9f, 1e9f), 2, 1, .5);
    QuantPlan same = CompensatedPlan.of(plan, graph, List.of(conv.on(none)));
    assertThat(same.corrected()).isEmpty();
    assertThat(same.find("kb", Role.BIAS)).isPresent();
    Product unknown = new Product("none", "k", "none", "kb", "kb_2", "c", 1, 0, true);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CompensatedPlan.of(plan, graph, List.of(unknown.on(FIT))))
        .withMessage("Cannot compensate node 'none': the model has no such product");
  }
}
