package dev.tare.engine.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Entropy;
import dev.tare.engine.range.MinMax;
import dev.tare.engine.range.Mse;
import dev.tare.engine.range.Percentile;
import dev.tare.engine.range.RangeSelector;
import dev.tare.engine.target.OnnxRuntimeTarget;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeParserTest {

  private static final TensorRule WEIGHTS =
      new TensorRule(QuantType.INT8, true, true, false, true, OptionalInt.empty(), new MinMax());

  private static Recipe shipped(String name) {
    File file = Path.of("..", "conf", "recipes", name + ".conf").toFile();
    return RecipeParser.parse(
        name,
        ConfigFactory.parseFile(file, ConfigParseOptions.defaults().setAllowMissing(false)),
        OnnxRuntimeTarget.INSTANCE);
  }

  private static TensorRule u8(RangeSelector method) {
    return new TensorRule(QuantType.UINT8, false, false, false, false, OptionalInt.empty(), method);
  }

  @Test
  void defaultRecipeIsWhatItsDescriptionSays() {
    assertThat(shipped("int8"))
        .isEqualTo(
            new Recipe(
                "int8",
                "Inputs u8 asymmetric per tensor, weights s8 symmetric per channel, ranges from"
                    + " extremes",
                Mode.STATIC,
                Format.QDQ,
                List.of("MatMul", "Gemm", "Conv", "ConvTranspose", "Gather"),
                Optional.of(u8(new MinMax())),
                WEIGHTS,
                1e30,
                List.of()));
  }

  @Test
  void otherShippedRecipesChangeOneThing() {
    assertThat(shipped("int8-entropy").activations()).contains(u8(new Entropy()));
    assertThat(shipped("int8-mse").activations()).contains(u8(new Mse()));
    assertThat(shipped("int8-cnn-mse").activations()).contains(u8(new Mse()));
    assertThat(shipped("int8-cnn-mse").passes()).isEqualTo(shipped("int8-cnn").passes());
    assertThat(shipped("int8-cnn-mse").measured()).isFalse();
    assertThat(shipped("int8-percentile").activations())
        .contains(u8(new Percentile(99.999, false)));
    assertThat(shipped("int8-symmetric").activations())
        .contains(
            new TensorRule(
                QuantType.INT8, true, true, false, false, OptionalInt.empty(), new MinMax()));
    assertThat(shipped("int8-reduced").activations()).contains(u8(new MinMax()));
    assertThat(shipped("int8-reduced").weights())
        .isEqualTo(
            new TensorRule(
                QuantType.INT8, true, true, true, true, OptionalInt.empty(), new MinMax()));
    for (String name :
        List.of("int8-cnn", "int8-entropy", "int8-mse", "int8-percentile", "int8-symmetric")) {
      assertThat(shipped(name).weights()).as(name).isEqualTo(WEIGHTS);
    }
  }

  @Test
  void guardIsOnUnlessARecipeSaysOff() {
    assertThat(Recipes.int8().guard()).isTrue();
    assertThat(Recipes.int8("guard = on").guard()).isTrue();
    assertThat(Recipes.int8("guard = off").guard()).isFalse();
  }

  @Test
  void smoothingNeedsRangesAheadOfTimeAndItsOwnPlacement() {
    assertThat(shipped("int8").smoothing()).isEmpty();
    assertThat(shipped("int8-transformer").smoothing()).contains(new SmoothingRule(.8));
    assertThat(Recipes.int8("smoothing.alpha = 0").smoothing()).contains(new SmoothingRule(0));
    assertThat(Recipes.int8("smoothing.alpha = by-statistics").smoothing())
        .contains(new SmoothingRule(OptionalDouble.empty(), false));
    assertThat(Recipes.int8("smoothing { alpha = 0.7, shift = on }").smoothing())
        .contains(new SmoothingRule(OptionalDouble.of(.7), true));
    assertThat(Recipes.int8("smoothing { alpha = 0.7, fold = off }").smoothing())
        .contains(new SmoothingRule(OptionalDouble.of(.7), false, false));
    for (String other : List.of("mode = weight-only", "placement = all-supported")) {
      assertThatThrownBy(() -> Recipes.int8("smoothing.alpha = 0.5", other))
          .isInstanceOf(RecipeException.class)
          .hasMessageContaining("it needs mode static and placement constant-weights");
    }
  }

  @Test
  void equalizationNeedsRangesAheadOfTimeAndItsOwnPlacement() {
    assertThat(shipped("int8").equalization()).isFalse();
    assertThat(Recipes.int8("equalization = on").equalization()).isTrue();
    for (String other : List.of("mode = weight-only", "placement = all-supported")) {
      assertThatThrownBy(() -> Recipes.int8("equalization = on", other))
          .isInstanceOf(RecipeException.class)
          .hasMessageContaining("it needs mode static and placement constant-weights");
    }
  }

  @Test
  void passesAreThoseStatedUnlessARecipeWantsThemMeasured() {
    assertThat(shipped("int8").measured()).isFalse();
    assertThat(Recipes.int8("passes = stated").measured()).isFalse();
    assertThat(Recipes.int8("passes = measured").measured()).isTrue();
  }

  @Test
  void gptqNeedsStatistics() {
    assertThat(shipped("int8").gptq()).isEmpty();
    assertThat(shipped("int8-transformer-gptq").gptq()).contains(new GptqRule(.01));
    assertThat(shipped("int4-gptq-b64").gptq()).contains(new GptqRule(.01));
    assertThat(Recipes.int8("gptq { damping = 0.01, awq = on }", "mode = weight-only").gptq())
        .contains(new GptqRule(.01, true));
    assertThatThrownBy(() -> Recipes.int8("gptq { damping = 0.01, awq = on }"))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("it needs mode weight-only");
    assertThatThrownBy(() -> Recipes.int8("gptq.damping = 0.01", "mode = dynamic"))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("it needs mode static or weight-only");
  }

  @Test
  void settingsOfTensorsMayNotBeMissing() {
    assertThat(Recipes.int8().rules()).isEmpty();
    assertThat(Recipes.int8("exclude = [\"/a/*\"]").rules())
        .extracting(rule -> rule.pattern().orElseThrow())
        .containsExactly(new NamePattern("/a/*"));
    for (String key : List.of("format-version", "description", "operators", "float-above")) {
      assertThatThrownBy(() -> Recipes.parse(Recipes.INT8.replaceAll("(?m)^" + key + " .*$", "")))
          .isInstanceOf(RecipeException.class)
          .hasMessage(
              "Invalid recipe 'test': String: 1: No configuration setting found for key '"
                  + key
                  + "'");
    }
    for (String key : List.of("symmetric", "narrow-range", "reduce-range", "method")) {
      assertThatThrownBy(
              () -> Recipes.parse(Recipes.INT8.replaceAll(key + " = [a-z0-9-]+(, )?", "")))
          .isInstanceOf(RecipeException.class)
          .hasMessageContaining("No configuration setting found for key '" + key + "'");
    }
  }

  @Test
  void unknownKeyIsNamedWithFileAndLine() {
    assertThatThrownBy(
            () ->
                RecipeParser.parse(
                    "mine",
                    ConfigFactory.parseString(
                        "format-version = 1\n\nbits = 4\n",
                        ConfigParseOptions.defaults().setOriginDescription("mine.conf")),
                    OnnxRuntimeTarget.INSTANCE))
        .isInstanceOf(RecipeException.class)
        .hasMessage(
            "Unknown key 'bits' in a recipe (mine.conf: 3); known are [activations,"
                + " bias-correction, description, equalization, exclude, float-above, float-share, format,"
                + " format-version, gptq, guard, mode, operators, passes, placement, rules,"
                + " smoothing, weights]");
    assertThatThrownBy(() -> Recipes.int8("weights.bits = 4"))
        .isInstanceOf(RecipeException.class)
        .hasMessageStartingWith("Unknown key 'weights.bits' in a recipe (String: 13); known are [");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "format-version = 2       | Invalid 'format-version' in a recipe (String: 13): expected 1,"
            + " found 2",
        "operators = [Add]        | cannot quantize 'Add'; known are [Conv, ConvTranspose, Gather,"
            + " Gemm, MatMul]",
        "float-above = 0          | expected a positive number, found 0.0",
        "smoothing.alpha = 2      | Invalid 'alpha' in a recipe (String: 13): expected a number"
            + " from 0 to 1, found 2.0",
        "gptq.damping = 0         | Invalid 'damping' in a recipe (String: 13): expected a number"
            + " above 0, at most 1, found 0.0",
        "passes = some            | Invalid 'passes' in a recipe (String: 13): expected stated or"
            + " measured, found 'some'",
        "guard = 2                | guard has type NUMBER rather than BOOLEAN",
        "smoothing.beta = 1       | Unknown key 'smoothing.beta' in a recipe (String: 13)",
        "smoothing = true         | smoothing has type BOOLEAN rather than OBJECT",
        "float-above = NaN        | expected a positive number, found NaN",
        "float-above = high       | float-above has type STRING rather than NUMBER",
        "weights.type = int5      | Invalid 'type' in a recipe (String: 13): expected one of int4,"
            + " uint4, int8, uint8, int16, uint16, float8e4m3fn, float8e5m2, float16, nf4, fp4,"
            + " codebook4, codebook8, found 'int5'",
        "activations.type = float16 | expected one of int4, uint4, int8, uint8, int16, uint16,"
            + " float8e4m3fn, float8e5m2, found 'float16'",
        "weights.scales = shift   | expected any or power-of-two, found 'shift'",
        "weights.type = float16   | float16 has no scales: it needs symmetric = true, granularity ="
            + " per-tensor and method = min-max",
        "weights { type = float16, granularity = per-tensor } | type float16 needs mode"
            + " weight-only",
        "weights.granularity = x  | expected per-tensor, per-channel or per-block, found 'x'",
        "weights.symmetric = 7    | symmetric has type NUMBER rather than BOOLEAN",
        "weights.method = best    | Unknown range selection method 'best'",
        "weights.method = percentile-200 | percentile",
        "activations.narrow-range = true | an unsigned type has no narrow range",
        "exclude = [\"\"]         | Invalid name pattern: empty",
      })
  void unusableValuesAreRefused(String line, String message) {
    assertThatThrownBy(() -> Recipes.int8(line))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining(message);
  }
}
