package dev.tare.engine.infer.lite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.OutputKind;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteModels;
import dev.tare.engine.tflite.model.LiteFloatModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LiteSessionTest {

  private static final int SAMPLES = 4;

  @TempDir private Path folder;

  private Session open(String resource, String... exposed) throws IOException {
    return open(LiteModels.read(resource, folder), exposed);
  }

  private Session open(LiteModel model, String... exposed) throws IOException {
    ModelFile file =
        LiteFloatModel.of(model)
            .exposing(new TreeSet<>(List.of(exposed)))
            .writeLocal(folder, folder);
    return LiteRuntime.INSTANCE.open(file, InferenceOptions.of(1));
  }

  private static List<Sample> samples() {
    float[] all = LiteModels.floats(LiteModels.INPUT);
    int size = all.length / SAMPLES;
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < SAMPLES; i++) {
      float[] own = Arrays.copyOfRange(all, i * size, (i + 1) * size);
      samples.add(new Sample(new TreeMap<>(Map.of("x", Tensor.ofFloats(Shape.of(8, 8, 3), own)))));
    }
    return samples;
  }

  private static List<Float> run(Session session, List<Sample> batch, String output) {
    List<Float> values = new ArrayList<>();
    session.comparing(List.of(output)).run(batch, (name, floats, shape) -> addAll(values, floats));
    return values;
  }

  private static void addAll(List<Float> values, ByteBuffer floats) {
    while (floats.hasRemaining()) {
      values.add(floats.getFloat());
    }
  }

  @Test
  void outputsAreThoseOfLiteRt() throws IOException {
    float[] expected = LiteModels.floats(LiteModels.FLOAT_OUTPUT);
    try (Session session = open(LiteModels.FLOAT)) {
      assertThat(session.inputs()).containsExactly("x");
      List<Float> all = new ArrayList<>();
      samples().forEach(sample -> all.addAll(run(session, List.of(sample), "prob")));
      assertThat(all).hasSize(expected.length);
      for (int i = 0; i < expected.length; i++) {
        assertThat(all.get(i)).isCloseTo(expected[i], within(1e-6f));
      }
    }
  }

  @Test
  void everyActivationCanBeRead() throws IOException {
    String[] tensors = {"x", "conv", "dw", "pool", "flat", "fc"};
    try (Session session = open(LiteModels.FLOAT, tensors)) {
      assertThat(session.floatOutputs()).contains(tensors).contains("prob");
      Sample sample = samples().get(0);
      List<Float> conv = run(session, List.of(sample), "conv");
      assertThat(conv).hasSize(8 * 8 * 4).allMatch(value -> value >= 0 && value <= 6);
      float[] x = sample.inputs().get("x").toFloatArray();
      assertThat(run(session, List.of(sample), "x").get(5)).isEqualTo(x[5]);
      assertThat(run(session, List.of(sample), "pool"))
          .isEqualTo(run(session, List.of(sample), "flat"));
    }
  }

  @Test
  void aBatchGivesTheBitsOfItsSamples() throws IOException {
    try (Session session = open(LiteModels.batchable(folder), "conv")) {
      List<Float> alone = new ArrayList<>();
      samples().forEach(sample -> alone.addAll(run(session, List.of(sample), "conv")));
      assertThat(run(session, samples(), "conv")).isEqualTo(alone);
      assertThat(run(session, samples().subList(0, 1), "conv"))
          .isEqualTo(alone.subList(0, alone.size() / SAMPLES));
    }
  }

  /** A float sample is quantized by the scale of an integer input, and read back as numbers. */
  @Test
  void integersAtTheEndsStandForNumbers() throws IOException {
    byte[] codes = LiteModels.bytes(LiteModels.INT8_OUTPUT);
    try (Session session = open(LiteModels.INT8)) {
      assertThat(session.comparableOutputs()).containsEntry("prob", OutputKind.NUMBERS);
      assertThat(session.floatOutputs()).isEmpty();
      List<Float> all = new ArrayList<>();
      samples().forEach(sample -> all.addAll(run(session, List.of(sample), "prob")));
      for (int i = 0; i < codes.length; i++) {
        assertThat(all.get(i)).isEqualTo((codes[i] + 128) / 256f);
      }
    }
  }

  @Test
  void everyThreadHasAnInterpreterOfItsOwn() throws Exception {
    try (Session session = open(LiteModels.FLOAT)) {
      List<List<Float>> found = new ArrayList<>();
      for (int i = 0; i < SAMPLES; i++) {
        Sample sample = samples().get(i);
        Thread thread =
            new Thread(() -> found.add(run(session, List.of(sample), "prob")), "reader-" + i);
        thread.start();
        thread.join();
        assertThat(found.get(i)).isEqualTo(run(session, List.of(sample), "prob"));
      }
    }
  }

  @Test
  void whatItCannotRunIsRefusedByName() throws IOException {
    assertThatThrownBy(() -> LiteRuntime.INSTANCE.open(folder, InferenceOptions.of(1)))
        .isInstanceOf(InferenceException.class);
    assertThat(LiteRuntime.INSTANCE.version()).startsWith("2.");
    Session session = open(LiteModels.FLOAT);
    assertThatThrownBy(() -> session.runner(List.of("conv")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no float32 output 'conv'");
    session.close();
    assertThatThrownBy(() -> run(session, samples(), "prob"))
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("is closed");
  }
}
