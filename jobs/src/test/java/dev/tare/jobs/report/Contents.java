package dev.tare.jobs.report;

import dev.tare.engine.plan.ChannelPlan;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.ScaleColumns;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Shape;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.ChannelQuality;
import dev.tare.jobs.artifact.CompensationTrial;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Interval;
import dev.tare.jobs.artifact.Latency;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.OperatorTimes;
import dev.tare.jobs.artifact.OutputFacts;
import dev.tare.jobs.artifact.PerSample;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.QuantizationFacts;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.artifact.SelectionFacts;
import dev.tare.jobs.artifact.Sensitivity;
import dev.tare.jobs.artifact.TargetQuality;
import dev.tare.jobs.artifact.Turns;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** Made-up runs of any number of tensors. */
final class Contents {

  private final List<String> names;
  private final Random random = new Random(7);
  private double noise = 1;

  private Contents(List<String> names) {
    this.names = names;
  }

  /** Activations and weights in turn, of these names. */
  static RunContent of(List<String> names) {
    return new Contents(names).build("made-up", 24);
  }

  /** So many tensors; noise scales ranges, so that two runs differ. */
  static RunContent of(String runId, int tensors, int columns, double noise) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < tensors; i++) {
      String layer = "/encoder/layer.%d/intermediate/dense".formatted(i / 2);
      names.add(layer + (i % 2 == 0 ? "/MatMul_input_0" : "/MatMul_weight"));
    }
    Contents contents = new Contents(names);
    contents.noise = noise;
    return contents.build(runId, columns);
  }

  static String html(RunContent content) throws IOException {
    return html(Page.of(content, Optional.empty()));
  }

  static String html(Page page) throws IOException {
    StringWriter out = new StringWriter();
    page.render(out);
    return out.toString();
  }

  /** An evaluated run in an index, whose gate wants a cosine of 0.95. */
  static RunEntry entry(String place, String model, int day, double cosine) {
    RunContent run = of(place.replaceAll("[^a-z0-9-]", "-"), 2, 24, 1);
    Manifest made = run.manifest();
    Manifest manifest =
        new Manifest(
            made.runId(),
            made.stages(),
            made.tareVersion(),
            Instant.parse("2026-11-%02dT03:15:00Z".formatted(day)),
            List.of(InputRef.of("model", URI.create("file:///models/" + model), Digest.of("m"))),
            made.configuration(),
            made.properties(),
            made.partsFolder(),
            made.files());
    Quality quality = run.quality().orElseThrow();
    Quality.OutputQuality y = quality.outputs().get(0);
    boolean passed = cosine >= .95;
    return new RunEntry(
        place,
        new RunContent(
            List.of(manifest),
            run.manifestSha256(),
            Optional.empty(),
            Optional.of(
                new Quality(
                    quality.samples(),
                    quality.heldOut(),
                    List.of(
                        new Quality.OutputQuality(
                            y.name(),
                            false,
                            y.sqnrDb(),
                            cosine,
                            cosine - .02,
                            y.cosinePercentiles(),
                            y.argmaxAgreement(),
                            y.perSample(),
                            y.facts())),
                    quality.nearestNeighbour(),
                    quality.neighbourSamples(),
                    quality.timeRatio(),
                    quality.cpus(),
                    new Quality.GateResult(
                        true, passed, passed ? List.of() : List.of("mean cosine too low")),
                    List.of(),
                    quality.target(),
                    quality.latency(),
                    quality.sensitivity())),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Map.of(),
            Map.of(),
            List.of(),
            List.of()),
        Optional.empty());
  }

  /** An index of three models. */
  static RunsPage index() {
    List<RunEntry> runs = new ArrayList<>();
    for (int day = 1; day <= 14; day++) {
      double cosine = day == 9 ? .94 : .985 + .001 * (day % 5);
      runs.add(entry("nightly/2026-11-%02d".formatted(day), "minilm-l6.onnx", day, cosine));
    }
    runs.add(entry("trial-a", "bge-small/onnx/model.onnx", 3, .991));
    runs.add(entry("trial-b", "bge-small/onnx/model.onnx", 5, .996));
    runs.add(entry("ocr", "ppocr-rec.onnx", 20, .9991));
    return new RunsPage(
        "runs",
        ModelHistory.of(runs),
        List.of(
            new RunEntry.Other("statistics/week-47", "2026-11-20 03:15", "calibrate"),
            new RunEntry.Other("broken", "", "unreadable: no JSON")));
  }

  static String html(RunsPage page) throws IOException {
    StringWriter out = new StringWriter();
    page.render(out);
    return out.toString();
  }

  /** The same run with an evaluation of these outputs. */
  static RunContent with(RunContent run, List<Quality.OutputQuality> outputs) {
    Quality quality = run.quality().orElseThrow();
    return new RunContent(
        run.manifests(),
        run.manifestSha256(),
        run.plan(),
        Optional.of(
            new Quality(
                quality.samples(),
                quality.heldOut(),
                outputs,
                quality.nearestNeighbour(),
                quality.neighbourSamples(),
                quality.timeRatio(),
                quality.cpus(),
                quality.gate(),
                quality.warnings(),
                quality.target(),
                quality.latency(),
                quality.sensitivity())),
        run.placements(),
        run.passes(),
        run.spreads(),
        run.channels(),
        run.codes(),
        run.order(),
        run.missing());
  }

  /** The same run with a compensation of two products in two passes. */
  static RunContent compensated(RunContent run, CompensationTrial.Verdict verdict) {
    return new RunContent(
        run.manifests(),
        run.manifestSha256(),
        run.plan(),
        run.quality(),
        run.placements(),
        run.passes(),
        run.budget(),
        Optional.of(
            new CompensationTrial(
                verdict,
                96,
                1032,
                "y",
                new Sensitivity.Score(17.285, .99201),
                new Sensitivity.Score(17.484, .99254),
                Optional.of(new Interval(-.031, .412)),
                List.of(
                    new CompensationTrial.Round("ab", "cd"),
                    new CompensationTrial.Round("ef", "01")),
                List.of(
                    new CompensationTrial.Product(
                        "/encoder/layer.0/attention/self/query/MatMul", 1, 384, 300, .25),
                    new CompensationTrial.Product("<b>dense</b>", 2, 1536, 0, 0)),
                new TreeMap<>(Map.of("/pooler/Gemm", "its sum has factors")))),
        run.stability(),
        run.spreads(),
        run.channels(),
        run.codes(),
        run.order(),
        run.missing());
  }

  /** The same figures, of a pooled vector or an output as it is. */
  static Quality.OutputQuality vector(
      Quality.OutputQuality output, boolean pooled, Optional<OutputFacts> facts) {
    return new Quality.OutputQuality(
        output.name(),
        pooled,
        output.sqnrDb(),
        output.cosineMean(),
        output.cosineMin(),
        output.cosinePercentiles(),
        pooled ? Optional.empty() : output.argmaxAgreement(),
        output.perSample(),
        facts);
  }

  private RunContent build(String runId, int columns) {
    List<TensorPlan> plans = new ArrayList<>();
    Map<String, Spread> spreads = new TreeMap<>();
    Map<String, ChannelSpread> channels = new TreeMap<>();
    Map<String, List<Long>> codes = new TreeMap<>();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      if (i % 2 == 0) {
        plans.add(activation(name, "op of " + name));
        spreads.put(name, spread(columns, i));
        channels.put(name, channels(columns));
      } else {
        plans.add(weight(name, "op of " + names.get(i - 1)));
        codes.put(name, counts(columns));
      }
    }
    Manifest manifest =
        new Manifest(
            runId,
            List.of("calibrate", "select", "quantize", "evaluate"),
            "0.1.0",
            Instant.parse("2026-11-23T12:00:00Z"),
            List.of(InputRef.of("model", URI.create("file:///models/m.onnx"), Digest.of("m"))),
            new TreeMap<>(Map.of("min-cosine", "0.95")),
            facts().toJson(),
            Optional.empty(),
            List.of(new FileEntry("model.onnx", new Digest("ab".repeat(32), 23_100_000))));
    return new RunContent(
        List.of(manifest),
        "cd".repeat(32),
        Optional.of(new QuantPlan("int8", "ef".repeat(32), "ab".repeat(32), plans)),
        Optional.of(quality()),
        Optional.empty(),
        Optional.empty(),
        spreads,
        channels,
        codes,
        plans.stream().flatMap(plan -> plan.consumers().stream()).distinct().toList(),
        List.of());
  }

  private TensorPlan activation(String name, String consumer) {
    float high = (float) (noise * (3 + random.nextDouble()));
    QuantParams params = new QuantParams(QuantType.UINT8, (high + 1) / 255, 64);
    return new TensorPlan(
        name,
        Role.ACTIVATION,
        Format.QDQ,
        List.of(consumer),
        Optional.empty(),
        Optional.empty(),
        new Target(QuantType.UINT8, false, false, false),
        "min-max",
        "recipe",
        Granularity.perTensor(),
        ScaleColumns.of(
            new ChannelPlan(
                new Range(-1, high),
                params,
                random.nextInt(3) / 1e3,
                18 + 20 * random.nextDouble())));
  }

  private TensorPlan weight(String name, String consumer) {
    List<ChannelPlan> channels = new ArrayList<>();
    for (int c = 0; c < 16; c++) {
      float high = (float) (.1 + random.nextDouble());
      channels.add(
          new ChannelPlan(
              new Range(-high, high),
              new QuantParams(QuantType.INT8, high / 127, 0),
              0,
              35 + 5 * random.nextDouble()));
    }
    return new TensorPlan(
        name,
        Role.WEIGHT,
        Format.QDQ,
        List.of(consumer),
        Optional.empty(),
        Optional.of(Shape.of(16, 64)),
        new Target(QuantType.INT8, true, true, false),
        "min-max",
        "recipe",
        new Granularity(OptionalInt.of(0), OptionalInt.empty()),
        ScaleColumns.of(channels));
  }

  private Spread spread(int columns, int seed) {
    return new Spread(
        1_000_000,
        1234,
        0,
        -1.5,
        4.25,
        -1.5,
        4.25,
        counts(columns),
        Optional.of(new Spread.Noise(1e6, seed % 3 == 0 ? 50 : 0, 400, seed % 3 == 0 ? .001 : 0)),
        List.of(
            new WhatIf("percentile-99.99", -1.4, 3.25, 35.5, 1e-4),
            new WhatIf("mse", -1.4, 3.5, 36.25, 2e-5),
            new WhatIf("16 bits", -1.5, 4.25, 82.125, 0)),
        Optional.of(new Spread.Origin("12".repeat(32), Optional.of("data/part-0.parquet"), 17)),
        Optional.empty());
  }

  private List<Long> counts(int columns) {
    List<Long> counts = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      double x = 6.0 * i / columns - 3;
      counts.add((long) (1e5 * Math.exp(-x * x) * random.nextDouble()));
    }
    return counts;
  }

  private ChannelSpread channels(int columns) {
    List<Double> lows = new ArrayList<>();
    List<Double> highs = new ArrayList<>();
    for (int i = 0; i < 3 * columns; i++) {
      lows.add(-1.5 * random.nextDouble());
      highs.add(i == 20 ? 4.25 : 2 * random.nextDouble());
    }
    return ChannelSpread.of(lows, highs, columns);
  }

  private static RunFacts facts() {
    return RunFacts.NONE
        .with(
            new CalibrationFacts(
                "ab".repeat(32),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                "ef".repeat(32),
                256,
                Optional.empty(),
                Optional.empty(),
                new CalibrationFacts.Channels(
                    Optional.empty(), OptionalInt.empty(), List.of(), Optional.empty()),
                new CalibrationFacts.Conditions(List.of(), Optional.empty(), List.of()),
                List.of(),
                Optional.empty(),
                OptionalInt.empty(),
                List.of()))
        .with(
            new SelectionFacts(
                "int8",
                Optional.empty(),
                "onnxruntime",
                Optional.empty(),
                Optional.empty(),
                new TreeMap<>(),
                0))
        .with(new QuantizationFacts("onnxruntime", 0, 0, 90_400_000));
  }

  private Quality quality() {
    List<Double> cosines = new ArrayList<>();
    List<Double> sqnrs = new ArrayList<>();
    for (int p = 0; p <= 100; p++) {
      cosines.add(.97 + .0299 * Math.sqrt(p / 100.0));
      sqnrs.add(12 + 10 * Math.sqrt(p / 100.0));
    }
    List<Float> floats = new ArrayList<>();
    List<Float> quantized = new ArrayList<>();
    for (int i = 0; i < 1024; i++) {
      floats.add((float) random.nextGaussian());
      quantized.add((float) (floats.get(i) + .1 * random.nextGaussian()));
    }
    return new Quality(
        256,
        "rows of their own",
        List.of(
            new Quality.OutputQuality(
                "y",
                false,
                18.49,
                .99292,
                .9755 * Math.min(1, noise),
                new TreeMap<>(),
                Optional.of(.833),
                new PerSample(
                    cosines,
                    sqnrs,
                    List.of(new PerSample.Worst("34".repeat(32), .97, 12)),
                    floats,
                    quantized),
                Optional.of(
                    new OutputFacts(
                        .731,
                        true,
                        Optional.empty(),
                        false,
                        0,
                        0,
                        0,
                        0,
                        List.of(new ChannelQuality(-1, 384, 3, 17, 14.12, .731f, -1, 1)))))),
        Optional.of(.934),
        256,
        .59,
        new TreeSet<>(List.of("a processor")),
        new Quality.GateResult(true, true, List.of()),
        List.of("'y': 3 of 384 channels of the last axis are below 20 dB"),
        Optional.of(
            new TargetQuality(
                "openvino",
                "OpenVINO 1",
                32,
                List.of(new TargetQuality.Output("y", 18.49, 18.25)),
                Optional.of(new TargetQuality.Kernels(35, 36)),
                Optional.empty())),
        Optional.of(
            new Latency("Xeon", 2, 8, "x[128]", 40, 20, 11, .55, .54, .56)
                .with(turns(40, 20, 11))
                .with(operators())),
        Optional.empty());
  }

  /** Times of all operators but the last, which a runtime may have joined with another. */
  private OperatorTimes operators() {
    SortedMap<String, OperatorTimes.Pair> times = new TreeMap<>();
    for (int i = 0; i + 2 < names.size(); i += 2) {
      times.put("op of " + names.get(i), new OperatorTimes.Pair(.4 + i / 400., .2));
    }
    return new OperatorTimes(times);
  }

  /** Times around two medians, with a slow start and a pause. */
  private static Turns turns(int count, double first, double second) {
    Random random = new Random(5);
    List<Double> floats = new ArrayList<>();
    List<Double> quantized = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double load = (i < 3 ? 1.4 : 1) * Math.exp(.04 * random.nextGaussian());
      floats.add(Math.round(1e3 * first * load) / 1e3);
      quantized.add(Math.round(1e3 * second * load * (i == count / 2 ? 4 : 1)) / 1e3);
    }
    return new Turns(floats, quantized);
  }
}
