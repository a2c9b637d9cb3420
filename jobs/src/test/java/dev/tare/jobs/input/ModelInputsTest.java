package dev.tare.jobs.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModelInputsTest {

  private static final ModelInputs INPUTS =
      ModelInputs.of(
          InputSpec.of("ids", DType.INT64, Dim.symbol("sequence")),
          InputSpec.of("mask", DType.INT64, Dim.symbol("sequence")),
          InputSpec.of("image", DType.FLOAT32, Dim.fixed(3), Dim.unknown()));

  private static Sample sample(Tensor ids, Tensor mask, Tensor image) {
    return Sample.of(Map.of("ids", ids, "mask", mask, "image", image));
  }

  private static final Tensor TWO = Tensor.ofLongs(Shape.of(2), 1, 2);
  private static final Tensor IMAGE = Tensor.ofFloats(Shape.of(3, 1), 1, 2, 3);

  @Test
  void fittingSampleHasNoMismatch() {
    assertThat(INPUTS.mismatch(sample(TWO, TWO, IMAGE))).isEmpty();
  }

  @Test
  void sizesOfOneNameMustAgreeAcrossInputs() {
    Tensor one = Tensor.ofLongs(Shape.of(1), 1);
    assertThat(INPUTS.mismatch(sample(TWO, one, IMAGE)))
        .contains("'sequence' is 2 in input 'ids' and 1 in input 'mask'");
  }

  @Test
  void fixedSizeTypeAndRankMustMatch() {
    assertThat(INPUTS.mismatch(sample(TWO, TWO, Tensor.ofFloats(Shape.of(2, 1), 1, 2))))
        .contains("input 'image' is FLOAT32 [2, 1] but the model wants FLOAT32 [3, ?]");
    assertThat(INPUTS.mismatch(sample(TWO, TWO, Tensor.ofFloats(Shape.of(3), 1, 2, 3))))
        .contains("input 'image' is FLOAT32 [3] but the model wants FLOAT32 [3, ?]");
    assertThat(INPUTS.mismatch(sample(TWO, Tensor.ofFloats(Shape.of(2), 1, 2), IMAGE)))
        .contains("input 'mask' is FLOAT32 [2] but the model wants INT64 [sequence]");
  }

  @Test
  void inputsMustBeThoseOfTheModel() {
    assertThat(INPUTS.mismatch(Sample.of(Map.of("ids", TWO, "mask", TWO))))
        .contains("input 'image' is missing");
    assertThat(
            INPUTS.mismatch(
                Sample.of(Map.of("ids", TWO, "mask", TWO, "image", IMAGE, "more", TWO))))
        .contains("the model has no input 'more'");
  }

  @Test
  void travelsThroughJavaSerialization() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(INPUTS);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(in.readObject()).isEqualTo(INPUTS);
    }
  }

  @Test
  void refusesEmptyAndRepeatedNames() {
    assertThatThrownBy(ModelInputs::of)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid model inputs: none");
    InputSpec x = InputSpec.of("x", DType.FLOAT32);
    assertThatThrownBy(() -> ModelInputs.of(x, x))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid model inputs: 'x' twice");
  }
}
