package dev.tare.engine.onnx.write;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.tare.engine.onnx.CapturedModel;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.PublishedModels;
import dev.tare.engine.onnx.Reference;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantError;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whole int8 networks against the float network that computes with fake-quantized weights and
 * biases and passes every planned activation through QuantizeLinear and DequantizeLinear, both in
 * ONNX Runtime.
 *
 * <p>Both have the same numbers and differ in the order of float sums, or in sums by integers. Such
 * a difference is 2^-20 of an operator's output, but moves single activations across the middle
 * between two codes, and every layer behind adds to that: how near whole networks stay says how
 * sensitive they are, not how exact an operator is. Figures are written to {@code
 * target/networks.txt}.
 */
@Tag("slow")
class FakeQuantizedNetworkTest {

  private static final List<String> FIGURES = new ArrayList<>();

  @AfterAll
  static void writeFigures() throws IOException {
    Files.write(Path.of("target", "networks.txt"), FIGURES);
  }

  /** An int8 network and what it is compared with. */
  private record Network(CapturedModel captured, QuantPlan plan, List<Map<String, Tensor>> inputs) {

    OnnxModel quantized() {
      return QdqRewriter.rewrite(captured.model(), plan, captured::codes);
    }

    OnnxModel withFloatBiases() {
      return QdqRewriter.rewrite(
          captured.model(), only(t -> t.role() != Role.BIAS), captured::codes);
    }

    OnnxModel fakeQuantized() {
      return QdqRewriter.rewrite(
          DequantizedModel.of(captured.model(), plan, captured::codes, ByteBuffer::allocate),
          only(t -> t.role() == Role.ACTIVATION),
          Network::noConstant);
    }

    private QuantPlan only(Predicate<TensorPlan> kept) {
      return new QuantPlan("", "", "", plan.tensors().stream().filter(kept).toList());
    }

    private static ByteBuffer noConstant(TensorPlan constant) {
      throw new IllegalStateException("Unexpected constant " + constant.tensor());
    }

    /** The first output for every input, one after the other. */
    List<Tensor> outputs(OnnxModel model, OptLevel level) {
      return Reference.runAll(model.toByteArray(), inputs, level).stream()
          .map(outputs -> outputs.values().iterator().next())
          .toList();
    }
  }

  /** Signal to difference over all outputs. */
  private static double sqnrDb(List<Tensor> expected, List<Tensor> actual) {
    QuantError error = QuantError.NONE;
    for (int i = 0; i < expected.size(); i++) {
      error = error.plus(QuantError.between(expected.get(i).floats(), actual.get(i).floats()));
    }
    return error.sqnrDb();
  }

  private static Network network(PublishedModels model, String recipe) {
    CapturedModel captured = new CapturedModel(model.read(), model.inputs().subList(0, 2));
    return new Network(captured, captured.plan(CapturedModel.recipe(recipe), 2), model.inputs());
  }

  @ParameterizedTest
  @CsvSource({
    "DIRECTION, int8, 120, 120",
    "DIRECTION, int8-symmetric, 120, 120",
    "RECOGNITION, int8, 60, 25",
    "RECOGNITION, int8-percentile, 60, 25",
    "SENTENCES, int8, 23, 23",
    "SENTENCES, int8-symmetric, 19, 19"
  })
  void quantizedNetworkIsTheFakeQuantizedOne(
      PublishedModels model, String recipe, double plainDb, double optimizedDb) {
    Network network = network(model, recipe);
    List<Tensor> fake = network.outputs(network.fakeQuantized(), OptLevel.NO_OPT);
    OnnxModel quantized = network.quantized();
    List<Tensor> plain = network.outputs(quantized, OptLevel.NO_OPT);
    List<Tensor> optimized = network.outputs(quantized, OptLevel.ALL_OPT);
    List<Tensor> real = network.outputs(network.captured().model(), OptLevel.NO_OPT);
    FIGURES.add(
        String.format(
            Locale.ROOT,
            "%s, %s: against fake-quantized %.1f dB unoptimized, %.1f optimized; optimized against"
                + " unoptimized %.1f; against float %.1f",
            model,
            recipe,
            sqnrDb(fake, plain),
            sqnrDb(fake, optimized),
            sqnrDb(plain, optimized),
            sqnrDb(real, optimized)));
    assertThat(sqnrDb(fake, plain)).isGreaterThan(plainDb);
    assertThat(sqnrDb(fake, optimized)).isGreaterThan(optimizedDb);
    assertThat(sqnrDb(fake, optimized)).isGreaterThan(sqnrDb(real, optimized) + 6);
  }

  @ParameterizedTest
  @CsvSource({"DIRECTION, 45", "RECOGNITION, 25"})
  void floatBiasesWouldChangeTheArithmetic(PublishedModels model, double ceilingDb) {
    Network network = network(model, "int8");
    OnnxModel floatBiases = network.withFloatBiases();
    List<Tensor> plain = network.outputs(floatBiases, OptLevel.NO_OPT);
    List<Tensor> optimized = network.outputs(floatBiases, OptLevel.ALL_OPT);
    FIGURES.add(
        String.format(
            Locale.ROOT,
            "%s, int8 with float biases: optimized against unoptimized %.1f dB",
            model,
            sqnrDb(plain, optimized)));
    assertThat(sqnrDb(plain, optimized)).isLessThan(ceilingDb);
  }
}
