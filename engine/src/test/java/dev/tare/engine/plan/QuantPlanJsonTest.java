package dev.tare.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantPlanJsonTest {

  private static final String JSON =
      """
      {
        "format-version" : 2,
        "recipe" : "int8",
        "model-sha256" : "ab",
        "statistics-sha256" : "cd",
        "tensors" : [ {
          "tensor" : "w",
          "role" : "weight",
          "format" : "qdq",
          "quantized" : true,
          "consumers" : [ "one", "two" ],
          "shape" : [ 3, 2 ],
          "type" : "int8",
          "symmetric" : true,
          "narrow-range" : true,
          "reduce-range" : false,
          "method" : "min-max",
          "decided-by" : "rule 2",
          "axis" : 1,
          "low" : [ -0.5, -2.0 ],
          "high" : [ 1.0, 1.0 ],
          "scale" : [ 0.1, 0.016 ],
          "zero-point" : [ 0, -1 ],
          "clipped-share" : [ 0.25, "NaN" ],
          "expected-sqnr-db" : [ "Infinity", "-Infinity" ]
        }, {
          "tensor" : "x",
          "role" : "activation",
          "format" : "qdq",
          "quantized" : false,
          "reason" : "1 NaN",
          "consumers" : [ ],
          "type" : "uint8",
          "symmetric" : false,
          "narrow-range" : false,
          "reduce-range" : true,
          "method" : "percentile-99.999",
          "decided-by" : "recipe"
        } ]
      }
      """;

  private static final QuantPlan PLAN =
      new QuantPlan(
          "int8",
          "ab",
          "cd",
          List.of(
              new TensorPlan(
                  "w",
                  Role.WEIGHT,
                  Format.QDQ,
                  List.of("one", "two"),
                  Optional.empty(),
                  Optional.of(Shape.of(3, 2)),
                  new Target(QuantType.INT8, true, true, false),
                  "min-max",
                  "rule 2",
                  Granularity.perChannel(1),
                  ScaleColumns.of(
                      List.of(
                          new ChannelPlan(
                              new Range(-.5f, 1),
                              new QuantParams(QuantType.INT8, .1f, 0),
                              .25,
                              Double.POSITIVE_INFINITY),
                          new ChannelPlan(
                              new Range(-2, 1),
                              new QuantParams(QuantType.INT8, .016f, -1),
                              Double.NaN,
                              Double.NEGATIVE_INFINITY)))),
              new TensorPlan(
                  "x",
                  Role.ACTIVATION,
                  Format.QDQ,
                  List.of(),
                  Optional.of("1 NaN"),
                  Optional.empty(),
                  new Target(QuantType.UINT8, false, false, true),
                  "percentile-99.999",
                  "recipe",
                  Granularity.perTensor(),
                  ScaleColumns.none())));

  @Test
  void planWithoutAnOperatorLeavesItsOwnTensorsInFloat() {
    assertThat(PLAN.operators()).containsExactly("one", "two");
    QuantPlan shared = PLAN.without("one");
    assertThat(shared.operators()).containsExactly("two");
    assertThat(shared.tensors().get(0)).isEqualTo(PLAN.tensors().get(0).with(List.of("two")));
    QuantPlan none = shared.without("two");
    assertThat(none.operators()).isEmpty();
    assertThat(none.tensors().get(0).floatReason()).contains("operator 'two' is left in float");
    assertThat(none.tensors().get(1)).isEqualTo(PLAN.tensors().get(1));
    assertThat(PLAN.without("three")).isEqualTo(PLAN);
  }

  @Test
  void formatIsWritten() {
    assertThat(QuantPlanJson.format(PLAN)).isEqualTo(JSON);
  }

  @Test
  void formatIsRead() {
    assertThat(QuantPlanJson.parse(JSON)).isEqualTo(PLAN);
  }

  @Test
  void otherTargetThanTheDefaultStandsInTheText() {
    QuantPlan plan = new QuantPlan("int8", "openvino", "ab", "cd", PLAN.tensors());
    assertThat(PLAN.target()).isEqualTo("onnxruntime");
    String json = QuantPlanJson.format(plan);
    assertThat(json)
        .isEqualTo(
            JSON.replace("\"format-version\" : 2", "\"format-version\" : 4")
                .replace(
                    "\"recipe\" : \"int8\"",
                    "\"recipe\" : \"int8\",\n  \"target\" : \"openvino\""));
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
    assertThat(plan.without("one").target()).isEqualTo("openvino");
    assertRefused(
        json.replace("\"openvino\"", "\"abacus\""), "Invalid plan: unknown target 'abacus'");
    assertRefused(json.replace("\"format-version\" : 4", "\"format-version\" : 3"), "'target'");
  }

  @Test
  void namedPlacementStandsInTheText() {
    QuantPlan plan =
        new QuantPlan(
            "int8", "onnxruntime", Optional.of("depthwise-float"), "ab", "cd", PLAN.tensors());
    String json = QuantPlanJson.format(plan);
    assertThat(json)
        .isEqualTo(
            JSON.replace("\"format-version\" : 2", "\"format-version\" : 5")
                .replace(
                    "\"recipe\" : \"int8\"",
                    "\"recipe\" : \"int8\",\n  \"target\" : \"onnxruntime\",\n"
                        + "  \"placement\" : \"depthwise-float\""));
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
    assertThat(plan.without("one").placement()).contains("depthwise-float");
    assertRefused(
        json.replace("\"depthwise-float\"", "\"sideways\""),
        "Invalid plan: target onnxruntime has no placement 'sideways'");
    assertRefused(json.replace("\"format-version\" : 5", "\"format-version\" : 4"), "'placement'");
  }

  @Test
  void equalizedInputsStandInTheText() {
    SmoothedInput input =
        new SmoothedInput(
            "h", 1, "h_equalized", List.of("two"), List.of("relu", "one"), .3, List.of(.1f, 3f));
    QuantPlan plan =
        new QuantPlan(
            "int8", "onnxruntime", Optional.empty(), "ab", "cd", List.of(input), PLAN.tensors());
    String json = QuantPlanJson.format(plan);
    assertThat(json)
        .contains("\"format-version\" : 10", "\"corrected\" : [ ]")
        .contains(
            """
              "smoothed" : [ {
                "tensor" : "h",
                "axis" : 1,
                "result" : "h_equalized",
                "consumers" : [ "two" ],
                "through" : [ "relu", "one" ],
                "alpha" : 0.3,
                "factors" : [ 0.1, 3.0 ]
              } ],
            """);
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
    assertThat(QuantPlanJson.parseSmoothed(QuantPlanJson.formatSmoothed(plan.smoothed())))
        .isEqualTo(plan.smoothed());
    assertRefused(
        json.replace("\"format-version\" : 10", "\"format-version\" : 9"),
        "key 'smoothed' has an axis or nodes before format version 10");
    assertRefused(json.replace("\"axis\" : 1", "\"axis\" : 2"), "along axis 2, not 1 or -1");
  }

  /** Earlier programs would add a Mul for them: another model than the plan is of. */
  @Test
  void factorsOfTheLastAxisInNodesBeforeAreOfVersion16() {
    SmoothedInput input =
        new SmoothedInput(
            "h", -1, "h_smoothed", List.of("two"), List.of("relu", "one"), .3, List.of(.1f, 3f));
    for (SmoothedInput folded : List.of(input, input.shifted(List.of(1f, 2f)))) {
      QuantPlan plan =
          new QuantPlan(
              "int8", "onnxruntime", Optional.empty(), "ab", "cd", List.of(folded), PLAN.tensors());
      String json = QuantPlanJson.format(plan);
      assertThat(json)
          .contains("\"format-version\" : 16", "\"axis\" : -1", "[ \"relu\", \"one\" ]");
      assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
      for (int version = 12; version < 16; version++) {
        assertRefused(
            json.replace("\"format-version\" : 16", "\"format-version\" : " + version),
            "key 'smoothed' has nodes and the last axis before format version 16");
      }
    }
  }

  @Test
  void offsetsOfSmoothedInputsAreInTheText() {
    SmoothedInput input =
        new SmoothedInput("h", "h_smoothed", List.of("one"), .8, List.of(.1f, 3f))
            .shifted(List.of(-.25f, 7f));
    QuantPlan plan =
        new QuantPlan(
            "int8", "onnxruntime", Optional.empty(), "ab", "cd", List.of(input), PLAN.tensors());
    String json = QuantPlanJson.format(plan);
    assertThat(json)
        .contains(
            "\"format-version\" : 12",
            "\"factors\" : [ 0.1, 3.0 ],\n    \"offsets\" : [ -0.25, 7.0 ]");
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
    assertRefused(
        json.replace("\"format-version\" : 12", "\"format-version\" : 11"),
        "key 'smoothed' has offsets before format version 12");
    assertRefused(json.replace("-0.25, 7.0", "7.0"), "offsets that do not fit its factors");
  }

  @Test
  void smoothedInputsStandInTheText() {
    QuantPlan plan =
        new QuantPlan(
            "int8",
            "onnxruntime",
            Optional.empty(),
            "ab",
            "cd",
            List.of(new SmoothedInput("h", "h_smoothed", List.of("one"), .8, List.of(.1f, 3f))),
            PLAN.tensors());
    String json = QuantPlanJson.format(plan);
    assertThat(json)
        .contains("\"format-version\" : 6", "\"target\" : \"onnxruntime\"")
        .contains(
            """
              "smoothed" : [ {
                "tensor" : "h",
                "result" : "h_smoothed",
                "consumers" : [ "one" ],
                "alpha" : 0.8,
                "factors" : [ 0.1, 3.0 ]
              } ],
            """);
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
    assertThat(plan.without("one").smoothed()).isEqualTo(plan.smoothed());
    assertThat(QuantPlanJson.parseSmoothed(QuantPlanJson.formatSmoothed(plan.smoothed())))
        .isEqualTo(plan.smoothed());
    assertRefused(json.replace("\"format-version\" : 6", "\"format-version\" : 5"), "'smoothed'");
    assertRefused(json.replace("\"alpha\"", "\"beta\""), "Invalid plan: unknown key 'beta'");
    assertRefused(json.replace("[ 0.1, 3.0 ]", "[ 0.1, -3.0 ]"), "'h' is smoothed by a factor of");
    assertRefused(json.replace("\"h_smoothed\"", "\"h\""), "tensor 'h' is smoothed to 'h'");
    assertRefused(json.replace("0.8", "\"0.8\""), "'alpha' must be a number, not \"0.8\"");
  }

  @Test
  void weightsByGptqStandInTheText() {
    GptqPlan rounded =
        new GptqPlan("12ab", .01, List.of(new GptqPlan.Weight("w", "h_smoothed", 0)));
    QuantPlan plan = PLAN.with(rounded);
    String json = QuantPlanJson.format(plan);
    assertThat(json)
        .contains("\"format-version\" : 8")
        .contains(
            """
              "gptq" : {
                "gram-sha256" : "12ab",
                "damping" : 0.01,
                "weights" : [ {
                  "weight" : "w",
                  "input" : "h_smoothed",
                  "input-axis" : 0
                } ]
              },
            """);
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
    assertThat(plan.without("one").gptq()).contains(rounded);
    assertRefused(json.replace("\"format-version\" : 8", "\"format-version\" : 7"), "'gptq'");
    assertRefused(json.replace("\"input\"", "\"output\""), "unknown key 'output'");
    assertRefused(
        json.replace("damping\" : 0.01", "damping\" : \"0.01\""), "'damping' must be a number");
  }

  @Test
  void weightsOfConvolutionsStandInTheTextWithTheirMatrix() {
    GptqPlan rounded =
        new GptqPlan(
            "12ab",
            .01,
            List.of(new GptqPlan.Weight("k", "h", 1, "h[3x3]", "b")),
            List.of(new GptqPlan.Nearest("d", "depthwise")));
    QuantPlan plan = PLAN.with(rounded);
    String json = QuantPlanJson.format(plan);
    assertThat(json)
        .contains("\"format-version\" : 11", "\"matrix\" : \"h[3x3]\"", "\"bias\" : \"b\"")
        .contains("\"reason\" : \"depthwise\"");
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
    assertRefused(
        json.replace("\"format-version\" : 11", "\"format-version\" : 10"),
        "'gptq' has a matrix, a bias or weights rounded to nearest before format version 11");
  }

  @Test
  void widenedTypesStandInTheText() {
    QuantPlan plan =
        new QuantPlan(
            "int8",
            "onnxruntime",
            Optional.empty(),
            "ab",
            List.of(DType.FLOAT16),
            "cd",
            List.of(),
            PLAN.tensors());
    String json = QuantPlanJson.format(plan);
    assertThat(json)
        .contains("\"format-version\" : 7", "\"widened\" : [ \"FLOAT16\" ],", "\"smoothed\" : [ ]");
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
    assertThat(plan.without("one").widened()).containsExactly(DType.FLOAT16);
    assertRefused(json.replace("\"format-version\" : 7", "\"format-version\" : 6"), "'widened'");
    assertRefused(
        json.replace("\"FLOAT16\"", "\"FLOAT17\""), "'widened' has unknown type 'FLOAT17'");
  }

  @Test
  void correctedBiasesStandInTheText() {
    QuantPlan plan =
        new QuantPlan(
            "int8",
            "onnxruntime",
            Optional.empty(),
            "ab",
            List.of(),
            "cd",
            List.of(),
            Optional.empty(),
            List.of(
                new CorrectedBias(
                    "one", "one", "b", "b_corrected", 8.5, List.of(.1f, -3f), Optional.empty()),
                new CorrectedBias(
                    "two", "sum", "", "", 1.5, List.of(), Optional.of("it is noise"))),
            PLAN.tensors());
    String json = QuantPlanJson.format(plan);
    assertThat(json)
        .contains("\"format-version\" : 9", "\"target\" : \"onnxruntime\"")
        .contains(
            """
              "smoothed" : [ ],
              "corrected" : [ {
                "node" : "one",
                "reader" : "one",
                "bias" : "b",
                "over-noise" : 8.5,
                "result" : "b_corrected",
                "correction" : [ 0.1, -3.0 ]
              }, {
                "node" : "two",
                "reader" : "sum",
                "bias" : "",
                "over-noise" : 1.5,
                "left" : "it is noise"
              } ],
            """);
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
    assertThat(plan.without("one").corrected()).isEqualTo(plan.corrected().subList(1, 2));
    assertThat(QuantPlanJson.parseCorrected(QuantPlanJson.formatCorrected(plan.corrected())))
        .isEqualTo(plan.corrected());
    assertRefused(json.replace("\"format-version\" : 9", "\"format-version\" : 8"), "'corrected'");
    assertRefused(json.replace("\"over-noise\"", "\"noise\""), "Invalid plan: unknown key 'noise'");
    assertRefused(json.replace("[ 0.1, -3.0 ]", "[ ]"), "'b_corrected' by 0 numbers");
  }

  @Test
  void gainsOfCompensatedProductsAreSaidFromVersion14On() {
    CorrectedBias bias =
        new CorrectedBias(
            "one", "one", "b", "b_2", 0, List.of(.5f, 0f), List.of(1.25f, 1f), Optional.empty());
    QuantPlan plan =
        new QuantPlan(
            "int8",
            "onnxruntime",
            Optional.empty(),
            "ab",
            List.of(),
            "cd",
            List.of(),
            Optional.empty(),
            List.of(bias),
            PLAN.tensors());
    String json = QuantPlanJson.format(plan);
    assertThat(json).contains("\"format-version\" : 14", "\"gains\" : [ 1.25, 1.0 ]");
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
    assertRefused(
        json.replace("\"format-version\" : 14", "\"format-version\" : 13"),
        "'corrected' has gains before format version 14");
    assertRefused(json.replace("[ 1.25, 1.0 ]", "[ 1.25 ]"), "2 numbers and 1 positive factors");
    assertRefused(json.replace("[ 1.25, 1.0 ]", "[ 0, 1 ]"), "2 positive factors");
  }

  @Test
  void firstVersionIsRead() {
    String first =
        JSON.replace("\"format-version\" : 2", "\"format-version\" : 1")
            .replaceAll(",\\s*\"(format|decided-by)\" : \"[a-z0-9 ]*\"", "");
    assertThat(first).doesNotContain("decided-by").doesNotContain("qdq");
    QuantPlan plan = QuantPlanJson.parse(first);
    assertThat(plan.tensors()).extracting(TensorPlan::format).containsOnly(Format.QDQ);
    assertThat(plan.tensors()).extracting(TensorPlan::decidedBy).containsOnly("recipe");
    assertThat(plan.tensors().get(0).channels()).isEqualTo(PLAN.tensors().get(0).channels());
  }

  @Test
  void scalesThatArePowersOfTwoAreSaidFromVersion13On() {
    Target shifts = new Target(QuantType.INT8, true, true, false, true);
    TensorPlan tensor =
        new TensorPlan(
            "w",
            Role.WEIGHT,
            Format.QDQ,
            List.of("n"),
            Optional.empty(),
            Optional.of(Shape.of(2, 2)),
            shifts,
            "mse",
            "recipe",
            Granularity.perTensor(),
            ScaleColumns.of(
                new ChannelPlan(new Range(-3, 3), shifts.params(new Range(-3, 3)), 0, 40)));
    assertThat(tensor.scales()).containsExactly(0x1p-5f);
    QuantPlan plan = new QuantPlan("int8", "ab", "cd", List.of(tensor));
    String json = QuantPlanJson.format(plan);
    assertThat(json).contains("\"format-version\" : 13", "\"power-of-two\" : true");
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
  }

  @Test
  void rangeOfAllValuesIsInTheTextWhereAnotherWasChosen() {
    Target target = new Target(QuantType.UINT8, false, false, false);
    Range range = new Range(0, 2);
    UnclippedRange all =
        new UnclippedRange(
            new Range(-.1f, 24),
            20.5,
            Double.POSITIVE_INFINITY,
            OptionalInt.of(3),
            List.of(new UnclippedRange.Channel(99, new Range(0, 24), 31, Double.NaN)));
    TensorPlan tensor =
        new TensorPlan(
            "x",
            Role.ACTIVATION,
            Format.QDQ,
            List.of("n"),
            Optional.empty(),
            Optional.empty(),
            target,
            "mse",
            "recipe",
            Granularity.perTensor(),
            ScaleColumns.of(new ChannelPlan(range, target.params(range), .01, 40)).with(all));
    QuantPlan plan = new QuantPlan("int8", "ab", "cd", List.of(tensor));
    String json = QuantPlanJson.format(plan);
    assertThat(json)
        .contains("\"format-version\" : 15")
        .contains(
            """
                "min-max" : {
                  "low" : -0.1,
                  "high" : 24.0,
                  "expected-sqnr-db" : 20.5,
                  "chosen-sqnr-db" : "Infinity",
                  "clipped-channels" : 3,
                  "farthest" : [ {
                    "channel" : 99,
                    "low" : 0.0,
                    "high" : 24.0,
                    "expected-sqnr-db" : 31.0,
                    "chosen-sqnr-db" : "NaN"
                  } ]
                }
            """);
    assertThat(QuantPlanJson.parse(json)).isEqualTo(plan);
    assertThat(plan.tensors().get(0).channels())
        .isNotEqualTo(ScaleColumns.of(new ChannelPlan(range, target.params(range), .01, 40)));
    assertRefused(
        json.replace("\"clipped-channels\" : 3", "\"clipped-channels\" : 0"),
        "Invalid plan: 'farthest' has 1 channels, and 'clipped-channels' is 0");
    assertRefused(json.replace("\"channel\" : 99", "\"number\" : 99"), "unknown key 'number'");
    assertRefused(json.replace("20.5", "\"much\""), "'expected-sqnr-db' must be a number");
  }

  @Test
  void blocksListTheirScalesAndOneError() {
    float[] scales = {.5f, .5f, .5f, .5f, .5f, .5f};
    int[] zeroPoints = {-1, -1, -1, -1, -1, -1};
    ScaleColumns blocks =
        ScaleColumns.ofBlocks(
            QuantType.INT4, Limits.of(QuantType.INT4), scales, zeroPoints, .25, 17);
    TensorPlan plan =
        new TensorPlan(
            "w",
            Role.WEIGHT,
            Format.MATMUL_NBITS,
            List.of("n"),
            Optional.empty(),
            Optional.of(Shape.of(5, 2)),
            new Target(QuantType.INT4, false, false, false),
            "min-max",
            "recipe",
            Granularity.perBlock(0, 2),
            blocks);
    assertThat(blocks.range(0)).isEqualTo(new Range(-3.5f, 4));
    String json = QuantPlanJson.formatTensor(plan, Integer.MAX_VALUE);
    assertThat(json)
        .contains("\"format\":\"matmul-nbits\"", "\"block-size\":2", "\"clipped-share\":[0.25]")
        .doesNotContain("low");
    assertThat(parsed(json)).isEqualTo(plan);
  }

  @Test
  void oneTensorStandsOnOneLine() {
    for (TensorPlan tensor : PLAN.tensors()) {
      String line = QuantPlanJson.formatTensor(tensor, Integer.MAX_VALUE);
      assertThat(line).doesNotContain("\n");
      assertThat(parsed(line)).isEqualTo(tensor);
    }
  }

  @Test
  void numbersComeBackToTheBit() {
    Random random = new Random(20);
    List<ChannelPlan> channels = new ArrayList<>();
    while (channels.size() < 5000) {
      float scale = Float.intBitsToFloat(random.nextInt() & Integer.MAX_VALUE);
      float low = -Float.intBitsToFloat(random.nextInt() & Integer.MAX_VALUE);
      float high = Float.intBitsToFloat(random.nextInt() & Integer.MAX_VALUE);
      if (scale > 0 && Float.isFinite(scale + low + high)) {
        channels.add(
            new ChannelPlan(
                new Range(low, high),
                new QuantParams(QuantType.INT32, scale, random.nextInt()),
                random.nextDouble(),
                Double.longBitsToDouble(random.nextLong())));
      }
    }
    TensorPlan plan =
        new TensorPlan(
            "t",
            Role.BIAS,
            Format.QDQ,
            List.of(),
            Optional.empty(),
            Optional.of(Shape.of(5000)),
            new Target(QuantType.INT32, true, false, false),
            "accumulator",
            "recipe",
            Granularity.perChannel(0),
            ScaleColumns.of(channels));
    assertThat(parsed(QuantPlanJson.formatTensor(plan, Integer.MAX_VALUE))).isEqualTo(plan);
  }

  @Test
  void textThatIsNoPlanIsRefused() {
    assertRefused("{", "Invalid plan: ");
    assertRefused("{}", "Invalid plan: key 'format-version' is missing");
    assertRefused(
        JSON.replace("\"format-version\" : 2", "\"format-version\" : 17"),
        "Cannot read a plan of format version 17, only 1 to 16");
    assertRefused(
        JSON.replace("\"recipe\"", "\"recipes\""),
        "Invalid plan: unknown key 'recipes'; known are [format-version, model-sha256, recipe,"
            + " statistics-sha256, tensors]");
    assertRefused(JSON.replace("\"axis\"", "\"axes\""), "Invalid plan: unknown key 'axes'; known");
    assertRefused(
        JSON.replace("\"high\" : [ 1.0, 1.0 ]", "\"high\" : [ 1.0 ]"),
        "Entry 0, tensor 'w': Invalid plan: 'high' has 1 entries, but must have 2");
    assertRefused(JSON.replace("\"axis\" : 1,", ""), "2 channels without an axis");
    assertRefused(
        JSON.replace("\"weight\"", "\"gain\""),
        "Invalid plan: 'role' is 'gain', expected one of activation, weight, bias");
    assertRefused("[]", "Invalid plan: ");
    assertRefused("", "Invalid plan: ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"tensor\" : \"w\"|\"tensor\" : 7|'tensor' must be a text, not 7",
        "\"tensor\" : \"w\"|\"tensor\" : null|'tensor' must be a text, not null",
        "\"tensor\" : \"w\"|\"tensor\" : \"\"|a tensor without a name",
        "\"tensor\" : \"w\"|\"tensor\" : \"w\", \"tensor\" : \"v\"|Duplicate",
        "\"quantized\" : true|\"quantized\" : \"true\"|'quantized' must be true or false",
        "\"quantized\" : true|\"quantized\" : false|'quantized' is false",
        "\"quantized\" : true|\"quantized\" : true, \"reason\" : \"x\"|'quantized' is true",
        "[ \"one\", \"two\" ]|\"one\"|'consumers' must be an array",
        "[ \"one\", \"two\" ]|[ 1 ]|'consumers' must be an array of texts",
        "[ \"one\", \"two\" ]|[ ]|no operator reads it",
        "\"shape\" : [ 3, 2 ]|\"shape\" : [ 3, -2 ]|negative size",
        "\"shape\" : [ 3, 2 ]|\"shape\" : [ 3, 2.5 ]|'shape' must be an array of whole numbers",
        "\"shape\" : [ 3, 2 ]|\"shape\" : [ 3, 9000000000, 9000000000 ]|overflow",
        "\"shape\" : [ 3, 2 ],||the shape of a constant is missing",
        "\"shape\" : [ 3, 2 ]|\"shape\" : [ 3, 4 ]|2 scales for shape [3, 4]",
        "\"type\" : \"int8\"|\"type\" : \"int9\"|'type' is 'int9'",
        "\"symmetric\" : true|\"symmetric\" : 1|'symmetric' must be true or false",
        "\"narrow-range\" : true|\"narrow-range\" : null|'narrow-range' must be true or false",
        "\"method\" : \"min-max\"|\"method\" : []|'method' must be a text",
        "\"decided-by\" : \"rule 2\"|\"decided-by\" : 2|'decided-by' must be a text",
        "\"axis\" : 1|\"axis\" : 9|axis 9 of shape [3, 2]",
        "\"axis\" : 1|\"axis\" : -1|Invalid axis: -1",
        "\"axis\" : 1|\"axis\" : 0|2 scales for shape [3, 2]",
        "\"axis\" : 1|\"axis\" : 4294967297|'axis' must be a whole number",
        "\"axis\" : 1|\"axis\" : 1, \"block-size\" : 0|Invalid block size: 0",
        "\"low\" : [ -0.5, -2.0 ]|\"low\" : [ 0.5, -2.0 ]|Invalid range",
        "\"low\" : [ -0.5, -2.0 ]|\"low\" : [ \"NaN\", -2.0 ]|Invalid range",
        "\"low\" : [ -0.5, -2.0 ]|\"low\" : [ -0.5, -200.0 ]|do not follow from its range",
        "\"high\" : [ 1.0, 1.0 ]|\"high\" : [ 1.0, \"1\" ]|'high' must be an array of numbers",
        "\"high\" : [ 1.0, 1.0 ]|\"high\" : [ 1.0, 1.0, 1.0 ]|'high' has 3 entries",
        "[ 0.1, 0.016 ]|[ 0.1, \"NaN\" ]|Invalid scale: NaN",
        "[ 0.1, 0.016 ]|[ 0.1, -0.016 ]|Invalid scale: -0.016",
        "[ 0.1, 0.016 ]|[ 0.1, 1e999 ]|Invalid scale: Infinity",
        "[ 0.1, 0.016 ]|[ 0.1, 0.0001 ]|do not follow from its range",
        "[ 0.1, 0.016 ]|[ 0.1 ]|'zero-point' has 2 entries, but must have 1",
        "[ 0.1, 0.016 ]|[ ]|must have 0",
        "[ 0, -1 ]|[ 0, -1.5 ]|'zero-point' must be a whole number at 1",
        "[ 0, -1 ]|[ 0, 300 ]|Invalid zero point",
        "[ 0, -1 ]|[ 0, 90 ]|do not follow from its range",
        "[ 0.25, \"NaN\" ]|[ 0.25, 1.5 ]|a clipped share of 1.5",
        "[ 0.25, \"NaN\" ]|[ 0.25, \"0x1p3\" ]|'clipped-share' must be an array of numbers",
        "[ \"Infinity\", \"-Infinity\" ]|[ null, 3 ]|'expected-sqnr-db' must be an array of"
            + " numbers",
        "\"reason\" : \"1 NaN\",||'quantized' is false",
        "\"tensor\" : \"x\"|\"tensor\" : \"w\", \"shape\" : \"3\"|'shape' must be an array",
        "\"tensors\" : [ {|\"tensors\" : [ 7, {|Entry 0",
        "\"format-version\" : 2|\"format-version\" : \"2\"|'format-version' must be a whole number",
        "\"model-sha256\" : \"ab\"|\"model-sha256\" : 5|'model-sha256' must be a text",
      })
  void planThatContradictsItselfIsRefusedByTensorAndKey(String what, String with, String message) {
    assertThat(JSON).contains(what);
    assertRefused(JSON.replace(what, with == null ? "" : with), message);
  }

  @Test
  void tensorThatIsQuantizedTwiceIsRefused() {
    int end = JSON.indexOf("}, {");
    String first = JSON.substring(JSON.indexOf("[ {") + 2, end + 1);
    assertRefused(
        JSON.substring(0, end + 1) + ", " + first + JSON.substring(end + 1),
        "Invalid plan of weight 'w': it is planned twice");
  }

  private static TensorPlan parsed(String line) {
    return QuantPlanJson.parseTensor(
        line,
        (target, blocks, count) -> {
          throw new AssertionError("All scales are listed");
        });
  }

  private static void assertRefused(String json, String message) {
    assertThatThrownBy(() -> QuantPlanJson.parse(json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
