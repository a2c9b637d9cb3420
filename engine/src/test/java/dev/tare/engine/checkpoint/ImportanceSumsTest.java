package dev.tare.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.gguf.GgufException;
import dev.tare.engine.gguf.GgufFile;
import dev.tare.engine.safetensors.ElementType;
import dev.tare.engine.safetensors.TensorSpec;
import dev.tare.engine.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** On a file that gguf-py wrote ({@code imatrix.py} beside it, gguf 0.19.0). */
class ImportanceSumsTest {

  private static final String LAYER = "model.layers.0.";

  private static GgufFile file() throws IOException {
    try (InputStream in = ImportanceSumsTest.class.getResourceAsStream("imatrix.gguf")) {
      return GgufFile.read(ByteBuffer.wrap(in.readAllBytes()), "imatrix.gguf");
    }
  }

  @Test
  void meansAreThoseOfTheNamesOfTheCheckpoint() throws IOException {
    ImportanceSums sums = new ImportanceSums();
    sums.add(file(), "imatrix.gguf");
    float[] up = sums.of(LAYER + "mlp.up_proj.weight", 256).orElseThrow();
    assertThat(Arrays.copyOf(up, 3)).containsExactly(400, 1, 1);
    assertThat(sums.of(LAYER + "self_attn.q_proj.weight", 256)).isPresent();
    assertThat(sums.of(LAYER + "self_attn.k_proj.weight", 256)).isEmpty();
    assertThat(sums.of("model.embed_tokens.weight", 256)).isEmpty();
    String experts = "model.layers.1.mlp.experts.";
    assertThat(sums.of(experts + "0.up_proj.weight", 4).orElseThrow())
        .containsExactly(0, .5f, 1, 1.5f);
    // No token came to the second one.
    assertThat(sums.of(experts + "1.up_proj.weight", 4)).isEmpty();
    assertThat(sums.of(experts + "2.up_proj.weight", 4).orElseThrow())
        .containsExactly(2, 2.25f, 2.5f, 2.75f);
    assertThatThrownBy(() -> sums.of(experts + "3.up_proj.weight", 4))
        .hasMessageContaining("is for 4 columns and 3 experts");
    assertThatThrownBy(() -> sums.of(LAYER + "mlp.up_proj.weight", 128))
        .hasMessageContaining("is for 256 columns");
  }

  @Test
  void filesAddUp() throws IOException {
    ImportanceSums sums = new ImportanceSums();
    sums.add(file(), "imatrix.gguf");
    float[] once = sums.of("model.layers.1.mlp.experts.2.up_proj.weight", 4).orElseThrow();
    sums.add(file(), "imatrix.gguf");
    // Twice the sums of twice the inputs.
    assertThat(sums.of("model.layers.1.mlp.experts.2.up_proj.weight", 4).orElseThrow())
        .containsExactly(once);
  }

  @ParameterizedTest
  @CsvSource({
    "model.layers.12.self_attn.o_proj.weight, blk.12.attn_output.weight",
    "model.layers.3.mlp.shared_experts.down_proj.weight, blk.3.ffn_down_shexp.weight",
    "model.layers.3.block_sparse_moe.experts.7.w2.weight, blk.3.ffn_down_exps.weight",
    "model.language_model.layers.0.mlp.gate_proj.weight, blk.0.ffn_gate.weight",
    "lm_head.weight, output.weight"
  })
  void namesOfLlamaCpp(String checkpoint, String there) {
    assertThat(LlamaNames.of(checkpoint).orElseThrow().tensor()).isEqualTo(there);
  }

  @Test
  void otherFilesAreRefused() {
    ByteBuffer empty = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    empty.putInt(0x46554747).putInt(3).putLong(0).putLong(0).flip();
    assertThatThrownBy(
            () -> new ImportanceSums().add(GgufFile.read(empty, "model.gguf"), "model.gguf"))
        .isInstanceOf(GgufException.class)
        .hasMessage(
            "model.gguf: its general.type is missing, not imatrix: llama-imatrix writes such"
                + " files");
  }

  /** The error that counts gets smaller, and that which all columns share gets no smaller. */
  @ParameterizedTest
  @CsvSource({"INT4, 32", "INT8, 0"})
  void errorsOfImportantColumnsCountMore(WeightType type, int group) {
    int columns = 64;
    int rows = 40;
    WeightScheme scheme =
        new WeightScheme(
            type,
            true,
            group == 0 ? OptionalInt.empty() : OptionalInt.of(group),
            OptionalInt.of(50),
            WeightScheme.Inputs.FLOAT);
    TensorSpec spec = new TensorSpec("a.weight", ElementType.F32, Shape.of(rows, columns));
    Random random = new Random(18);
    ByteBuffer weight = ByteBuffer.allocate(rows * columns * 4).order(ByteOrder.LITTLE_ENDIAN);
    while (weight.hasRemaining()) {
      weight.putFloat((float) random.nextGaussian());
    }
    float[] importance = new float[columns];
    for (int i = 0; i < columns; i++) {
      importance[i] = i % 8 == 0 ? 100 : 0.01f;
    }
    double[] plain = errors(scheme, spec, weight.array(), importance, false);
    double[] weighed = errors(scheme, spec, weight.array(), importance, true);
    assertThat(weighed[0]).isLessThan(plain[0]);
    assertThat(weighed[1]).isGreaterThanOrEqualTo(plain[1]);
    float[] same = new float[columns];
    Arrays.fill(same, 3);
    assertThat(errors(scheme, spec, weight.array(), same, true)[1]).isEqualTo(plain[1]);
  }

  /** Sums of squared errors, times importance and as they are. */
  private static double[] errors(
      WeightScheme scheme, TensorSpec spec, byte[] weight, float[] importance, boolean weigh) {
    WeightEncoder encoder = new WeightEncoder(scheme, spec);
    if (weigh) {
      encoder.weigh(importance);
    }
    int rows = (int) spec.shape().dim(0);
    int columns = (int) spec.shape().dim(1);
    byte[] codes = new byte[Math.toIntExact(WeightEncoder.rowBytes(scheme, columns)) * rows];
    encoder.encode(weight, rows, new float[rows * columns], ByteBuffer.wrap(codes));
    ByteBuffer scales = ByteBuffer.wrap(encoder.scales()).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer values = ByteBuffer.wrap(weight).order(ByteOrder.LITTLE_ENDIAN);
    int groups = (int) scheme.groups(columns);
    double[] errors = new double[2];
    for (int i = 0; i < rows * columns; i++) {
      int code =
          scheme.bits() == 8 ? (codes[i] & 255) - 128 : (codes[i / 2] >>> (4 * (i % 2)) & 15) - 8;
      int group = i / columns * groups + i % columns * groups / columns;
      double error = values.getFloat(4 * i) - code * scales.getFloat(4 * group);
      errors[0] += error * error * importance[i % columns];
      errors[1] += error * error;
    }
    return errors;
  }

  @Test
  void onlyRangesThatAreSearchedCanBeWeighed() {
    WeightScheme scheme =
        new WeightScheme(
            WeightType.INT8,
            true,
            OptionalInt.empty(),
            OptionalInt.empty(),
            WeightScheme.Inputs.FLOAT);
    TensorSpec spec = new TensorSpec("a.weight", ElementType.F32, Shape.of(2, 8));
    assertThatThrownBy(() -> new WeightEncoder(scheme, spec).weigh(new float[8]))
        .hasMessageContaining("importance is for recipes that search ranges");
  }
}
