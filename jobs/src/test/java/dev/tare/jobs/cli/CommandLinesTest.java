package dev.tare.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertAll;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Budget;
import dev.tare.jobs.artifact.Settings;
import dev.tare.jobs.calibrate.ObserveOptions;
import dev.tare.jobs.demo.DemoOptions;
import dev.tare.jobs.evaluate.Gate;
import dev.tare.jobs.hocon.ConfigurationText;
import dev.tare.jobs.image.ImageOptions;
import dev.tare.jobs.input.DataFormat;
import dev.tare.jobs.input.DataOptions;
import dev.tare.jobs.input.RowChoice;
import dev.tare.jobs.merge.MergeOptions;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.quantize.QuantizeOptions;
import dev.tare.jobs.run.RunOptions;
import dev.tare.jobs.select.SelectOptions;
import dev.tare.jobs.storage.IfFinished;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class CommandLinesTest {
  /** For every option three values: what a file says, what the command line says. */
  private static final Map<String, List<String>> TWO_VALUES =
      Map.ofEntries(
          Map.entry("format", List.of("text", "parquet")),
          Map.entry("export format", List.of("aeq-json")),
          Map.entry("channels", List.of("extremes", "auto")),
          Map.entry("if-finished", List.of("reuse", "fail")),
          Map.entry("compensate", List.of("true", "false")),
          Map.entry("latency", List.of("true", "false")),
          Map.entry("max-latency-ratio", List.of("0.9", "1.5")),
          Map.entry("max-length", List.of("64", "32")),
          Map.entry("samples", List.of("7", "8")),
          Map.entry("choose-by", List.of("text", "sample")),
          Map.entry("eval-samples", List.of("9", "10")),
          Map.entry("max-bad-rows", List.of("3", "4")),
          Map.entry("partitions", List.of("5", "6")),
          Map.entry("batch-size", List.of("2", "4")),
          Map.entry("channel-bits", List.of("7", "6")),
          Map.entry("collect", List.of("histogram,moments", "histogram")),
          Map.entry("gram-samples", List.of("40", "50")),
          Map.entry("gram-memory", List.of("0", "500")),
          Map.entry("min-cosine", List.of("0.5", "0.25")),
          Map.entry("min-sqnr-db", List.of("20.5", "10.5")),
          Map.entry("min-channel-sqnr", List.of("12.5", "14.5")),
          Map.entry("classes", List.of("none", "all")),
          Map.entry("sensitivity", List.of("12", "13")),
          Map.entry("ctc-blank", List.of("1", "2")),
          Map.entry("target", List.of("openvino", "onnxruntime")),
          Map.entry("strict", List.of("true", "false")),
          Map.entry("image-size", List.of("48x*", "224x224")),
          Map.entry("image-resize", List.of("crop", "pad")),
          Map.entry("image-pad", List.of("127.5", "255.0")),
          Map.entry("image-channels", List.of("bgr", "gray")),
          Map.entry("image-mean", List.of("0.5", "0.485,0.456,0.406")),
          Map.entry("image-std", List.of("0.5", "0.229,0.224,0.225")),
          Map.entry("image-layout", List.of("nhwc", "nchw")),
          Map.entry("max-image-pixels", List.of("100", "200")),
          Map.entry("vision", List.of("true", "false")),
          Map.entry("tflite", List.of("true", "false")),
          Map.entry("max-psi", List.of("0.5", "0.3")),
          Map.entry("max-js", List.of("0.5", "0.3")),
          Map.entry("max-ks", List.of("0.5", "0.3")),
          Map.entry("max-clip-increase", List.of("0.5", "0.25")),
          Map.entry("max-non-finite", List.of("0.5", "0.25")),
          Map.entry("budget", List.of("cosine>=0.9", "bits<=5")),
          Map.entry("rows", List.of("5", "6")),
          Map.entry("allow-mixed", List.of("true", "false")),
          Map.entry("allow-non-atomic", List.of("true", "false")),
          Map.entry("older-than", List.of("7d", "12h")),
          Map.entry("dry-run", List.of("true", "false")),
          Map.entry("ungated", List.of("true", "false")),
          Map.entry("verbose", List.of("true", "false")));

  @TempDir private Path temporary;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final List<RecordedCommands.Call> calls = new ArrayList<>();

  private CommandLines commandLines() {
    return new RecordedCommands(calls, new PrintWriter(out, true), new PrintWriter(err, true));
  }

  private int run(String... arguments) {
    return commandLines().run(List.of(arguments));
  }

  private <T extends TareCommand> T called(int index, Class<T> type) {
    return calls.get(index).as(type);
  }

  private SortedMap<String, Object> values(int index) {
    return calls.get(index).values();
  }

  private String file(String text) throws IOException {
    return Files.writeString(temporary.resolve("run.conf"), text).toString();
  }

  @Test
  void runHasTheDocumentedDefaults() {
    assertThat(run("run", "--model", "m", "--data", "d", "--output", "o")).isZero();

    assertThat(calls).hasSize(1);
    assertThat(called(0, RunCommand.class).options())
        .isEqualTo(
            new RunOptions(
                "m",
                new DataOptions(
                    "d",
                    DataFormat.AUTO,
                    Optional.empty(),
                    Optional.empty(),
                    OptionalInt.of(128),
                    OptionalInt.empty(),
                    RowChoice.SAMPLE,
                    OptionalInt.empty(),
                    8,
                    ImageOptions.DEFAULT,
                    0),
                ObserveOptions.DEFAULTS,
                RecipeOptions.of("auto"),
                Optional.empty(),
                256,
                new Gate(OptionalDouble.of(0.95), OptionalDouble.empty(), OptionalDouble.empty()),
                Optional.empty(),
                false,
                Optional.empty(),
                OptionalInt.empty()));
    assertOutput(0);
  }

  private void assertOutput(int index) {
    assertThat(values(index))
        .containsEntry("output", "o")
        .containsEntry("run-id", null)
        .containsEntry("if-finished", IfFinished.FAIL)
        .containsEntry("allow-non-atomic", false);
  }

  @Test
  void everySubcommandReachesItsStage() {
    run("select", "--statistics", "s", "--model", "m", "--output", "o");
    run("quantize", "--plan", "p", "--model=m", "--output", "o");
    run("merge", "--output", "o", "a", "b");
    run("publish", "r", "--as", "n", "--gate", "e");
    run("inspect", "m.onnx");
    run("demo");
    run("report", "r", "--compare", "s", "--out", "p.html");
    run("calibrate", "--model", "m", "--data", "d", "--output", "o");
    run("evaluate", "--model", "m", "--quantized", "q", "--data", "d", "--output", "o");
    run("export", "r", "--format", "aeq-json", "--out", "ranges.json");
    run("sensitivity", "--statistics", "s", "--model", "m", "--data", "d", "--output", "o");
    run("select", "--model", "m", "--output", "o", "--errors", "e", "--budget", "size <= 20 MB");

    assertThat(called(0, SelectCommand.class).options())
        .isEqualTo(new SelectOptions(Optional.of("s"), "m", RecipeOptions.of("auto")));
    assertThat(called(1, QuantizeCommand.class).options())
        .isEqualTo(new QuantizeOptions(Optional.of("p"), "m", Optional.empty()));
    assertThat(called(2, MergeCommand.class).options())
        .isEqualTo(new MergeOptions(List.of("a", "b"), false));
    for (int writing = 0; writing < 3; writing++) {
      assertOutput(writing);
    }
    assertThat(called(10, SensitivityCommand.class).options().statistics()).hasValue("s");
    assertThat(called(11, SelectCommand.class).options().budget())
        .hasValue(new SelectOptions.ByBudget(Budget.parse("size<=20MB"), "e"));
    called(9, ExportCommand.class);
    assertThat(values(9))
        .containsEntry("RUN", "r")
        .containsEntry("format", ExportCommand.Format.AEQ_JSON)
        .containsEntry("out", "ranges.json");
    called(3, PublishCommand.class);
    assertThat(values(3))
        .containsEntry("RUN", "r")
        .containsEntry("as", "n")
        .containsEntry("gate", "e")
        .containsEntry("ungated", false)
        .containsEntry("allow-non-atomic", false);
    called(4, InspectCommand.class);
    assertThat(values(4)).containsEntry("M.onnx|RUN", "m.onnx");
    assertThat(values(5)).containsEntry("vision", false);
    assertThat(called(5, DemoCommand.class).options())
        .isEqualTo(
            new DemoOptions(
                OptionalInt.empty(), OptionalInt.empty(), Optional.empty(), Optional.empty()));
    called(6, ReportCommand.class);
    assertThat(values(6))
        .containsEntry("RUN", "r")
        .containsEntry("compare", "s")
        .containsEntry("out", "p.html");
    assertThat(called(7, CalibrateCommand.class).options().model()).isEqualTo("m");
    assertThat(called(8, EvaluateCommand.class).options().gate().minCosine()).isEmpty();
  }

  @Test
  void housekeepingReachesItsStage() {
    run("verify", "r");
    run("runs", "root");
    run("gc", "root", "--older-than", "7d");
    run("gc", "root", "--older-than=36h", "--dry-run");
    run("gc", "root", "--older-than", "30m");

    called(0, VerifyCommand.class);
    assertThat(values(0)).containsEntry("RUN", "r");
    called(1, RunsCommand.class);
    assertThat(values(1)).containsEntry("ROOT", "root");
    called(2, GcCommand.class);
    assertGc(2, Duration.ofDays(7), false);
    assertGc(3, Duration.ofHours(36), true);
    assertGc(4, Duration.ofMinutes(30), false);
    calls.clear();
    assertUsage("Missing required option: '--older-than=AGE'", "gc", "root");
    assertUsage("--older-than': '7' is not a number with d, h or m", "gc", "r", "--older-than=7");
    assertThat(calls).isEmpty();
  }

  private void assertGc(int index, Duration olderThan, boolean dryRun) {
    assertThat(values(index))
        .containsEntry("ROOT", "root")
        .containsEntry("older-than", olderThan)
        .containsEntry("dry-run", dryRun);
  }

  @Tag("slow")
  @TestFactory
  Stream<DynamicTest> commandLineWinsOverFileOverDefaultForEveryOption() {
    List<DynamicTest> tests = new ArrayList<>();
    CommandLine root = commandLines().create();
    OptionKeys keys = new OptionKeys(root.getCommandSpec());
    root.getSubcommands()
        .forEach(
            (name, line) ->
                line.getCommandSpec().options().stream()
                    .filter(o -> keys.of(name).orElseThrow().containsValue(o))
                    .forEach(
                        o ->
                            tests.add(
                                DynamicTest.dynamicTest(
                                    name + " " + o.longestName(),
                                    () -> assertPrecedence(name, o.longestName())))));
    assertThat(tests).hasSizeGreaterThan(60);
    return tests.stream();
  }

  private void assertPrecedence(String subcommand, String option) {
    String key = option.substring(2);
    List<String> two = TWO_VALUES.getOrDefault(key, List.of("inFile", "onLine"));
    String shared = key + " = \"" + two.get(0) + "\"\n";
    String section = subcommand + " { " + key + " = \"" + two.get(0) + "\" }\n";
    assertAll(
        () -> assertThat(valueOf(subcommand, option, shared)).isEqualTo(two.get(0)),
        () ->
            assertThat(valueOf(subcommand, option, shared, option + "=" + two.get(1)))
                .isEqualTo(two.get(1)),
        () ->
            assertThat(valueOf(subcommand, option, section + key + " = \"" + two.get(1) + "\"\n"))
                .isEqualTo(two.get(0)),
        () -> {
          OptionSpec spec = subcommand(subcommand).getCommandSpec().findOption(option);
          assertThat(valueOf(subcommand, option, ""))
              .isEqualTo(spec.defaultValue() == null ? "null" : spec.defaultValue());
        });
  }

  private CommandLine subcommand(String name) {
    return commandLines().create().getSubcommands().get(name);
  }

  /** The value that picocli gives to an option, as it would be written. */
  private String valueOf(String subcommand, String option, String text, String... more) {
    CommandLine root = commandLines().create();
    root.setDefaultValueProvider(
        ConfigurationFile.read(
            "memory:run.conf",
            new ConfigurationText(uri -> text),
            new OptionKeys(root.getCommandSpec())));
    CommandLine line = root.getSubcommands().get(subcommand);
    line.getCommandSpec().options().stream()
        .filter(o -> !o.longestName().equals(option))
        .filter(OptionSpec::required)
        .filter(o -> o.type() == String.class)
        .forEach(o -> o.setValue("given"));
    List<String> arguments = new ArrayList<>(List.of(more));
    for (OptionSpec o : line.getCommandSpec().options()) {
      if (o.required() && !o.longestName().equals(option)) {
        String key = o.longestName().substring(2);
        List<String> two = TWO_VALUES.getOrDefault(key, List.of("given"));
        String first = TWO_VALUES.getOrDefault(subcommand + " " + key, two).get(0);
        arguments.add(o.longestName() + "=" + first);
      }
    }
    boolean requiredAndUnset =
        text.isEmpty() && line.getCommandSpec().findOption(option).required();
    if (requiredAndUnset) {
      return "null";
    }
    if (!line.getCommandSpec().positionalParameters().isEmpty()) {
      arguments.add("position");
    }
    arguments.add(0, subcommand);
    root.parseArgs(arguments.toArray(String[]::new));
    Object value = line.getCommandSpec().findOption(option).getValue();
    if (value instanceof Duration age) {
      return age.toHours() % 24 == 0 ? age.toDays() + "d" : age.toHours() + "h";
    }
    if (value instanceof List<?> list) {
      return list.isEmpty()
          ? "null"
          : list.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
    return value instanceof Enum<?> e ? Settings.word(e) : String.valueOf(value);
  }

  @Test
  void aFlagOnTheLineTurnsOnWhatTheFileTurnsOn() throws IOException {
    String config = file("allow-mixed = true");
    run("merge", "--config", config, "--output", "o", "--allow-mixed", "a");
    run("merge", "--config", config, "--output", "o", "a");
    run("merge", "--config", config, "--output", "o", "--allow-mixed=false", "a");
    run("merge", "--output", "o", "--allow-mixed", "a");

    assertThat(calls)
        .extracting(call -> call.as(MergeCommand.class).options().allowMixed())
        .containsExactly(true, true, false, true);
  }

  @Test
  void oneFileServesAllStages() throws IOException {
    String config =
        file(
            """
            model = m.onnx
            statistics = stats
            samples = 5
            calibrate { data = d1, samples = 6 }
            evaluate { data = d2 }
            """);
    assertThat(run("calibrate", "--config", config, "--output", "o")).isZero();
    assertThat(run("evaluate", "--config=" + config, "--output", "o", "--quantized", "q")).isZero();

    DataOptions first = called(0, CalibrateCommand.class).options().data();
    DataOptions second = called(1, EvaluateCommand.class).options().data();
    assertThat(first.data()).isEqualTo("d1");
    assertThat(first.samples()).hasValue(6);
    assertThat(second.data()).isEqualTo("d2");
    assertThat(second.samples()).hasValue(5);
  }

  @Test
  void readsAFileFromAnotherFileSystem() {
    run("demo", "--config", "hdfs://n/run.conf");

    assertThat(called(0, DemoCommand.class).options().samples()).hasValue(11);
  }

  /** Where every text is tokenized anyway, a run is the one that earlier versions made. */
  @Test
  void textsAreChosenByTheirHashWhereThatSavesTokenizing() {
    assertThat(choice("--samples=5", "--tokenizer=t")).isEqualTo(RowChoice.AUTO);
    assertThat(choice("--samples=5")).isEqualTo(RowChoice.SAMPLE);
    assertThat(choice("--tokenizer=t")).isEqualTo(RowChoice.SAMPLE);
    assertThat(choice("--samples=5", "--tokenizer=t", "--choose-by=sample"))
        .isEqualTo(RowChoice.SAMPLE);
    assertThat(choice("--tokenizer=t", "--choose-by=text")).isEqualTo(RowChoice.TEXT);
  }

  private RowChoice choice(String... more) {
    calls.clear();
    List<String> words = new ArrayList<>(List.of("run", "--model", "m", "--data", "d"));
    words.addAll(List.of("--output", "o"));
    words.addAll(List.of(more));
    assertThat(run(words.toArray(String[]::new))).isZero();
    return called(0, RunCommand.class).options().data().choice();
  }

  @Test
  void effectiveConfigurationHasAKeyForEveryOptionThatIsSet() {
    run(
        "run",
        "--model=m",
        "--data=d",
        "--output=o",
        "--run-id=i",
        "--tokenizer=t",
        "--text-column=c",
        "--image-input=x",
        "--image-size=48x*",
        "--image-channels=bgr",
        "--image-layout=nchw",
        "--samples=5",
        "--choose-by=text",
        "--partitions=2",
        "--compensate",
        "--observe=all",
        "--collect=histogram,moments",
        "--gram-scales=runs/first",
        "--gram-samples=40",
        "--gram-memory=0",
        "--eval-data=e",
        "--min-sqnr-db=-3",
        "--min-channel-sqnr=12",
        "--image-column=png",
        "--latency",
        "--max-latency-ratio=1.5",
        "--placement=outputs",
        "--classes=y,z",
        "--labels=l",
        "--label-names=cat, dog",
        "--ctc-blank=1",
        "--sensitivity=6",
        "--python=p");
    SortedMap<String, String> configuration = called(0, RunCommand.class).options().configuration();

    List<String> keys =
        subcommand("run").getCommandSpec().options().stream()
            .map(OptionKeys::key)
            .filter(
                k ->
                    !List.of(
                            "help",
                            "config",
                            "verbose",
                            "output",
                            "run-id",
                            "if-finished",
                            "allow-non-atomic")
                        .contains(k))
            .sorted()
            .toList();
    assertThat(configuration.keySet()).containsExactlyElementsOf(keys);
    assertThat(configuration)
        .containsEntry("channels", "auto")
        .containsEntry("samples", "5")
        .containsEntry("image-size", "48x*")
        .containsEntry("image-mean", "0")
        .containsEntry("labels", "l")
        .containsEntry("label-names", "cat,dog")
        .containsEntry("min-sqnr-db", "-3.0");
  }

  @Test
  void usageErrorsAreOneLineWithAHint() {
    assertUsage("Unknown option '--sampels'; did you mean '--samples'?", "run", "--sampels", "5");
    assertUsage("Unknown subcommand 'calibrat'; did you mean 'calibrate'?", "calibrat");
    assertUsage("Unknown option '--verison'; did you mean '--version'?", "--verison");
    assertUsage(
        "'--master' is an option of Spark: put it before the subcommand",
        "run",
        "--master",
        "local");
    assertUsage("'--conf=a=b' is an option of Spark", "calibrate", "--conf=a=b");
    assertUsage("Missing required options: '--model=M.onnx'", "calibrate");
    assertUsage("Invalid value for option '--samples': 0 is less than 1", "demo", "--samples=0");
    assertUsage("99999999999 is not between 1 and 2147483647", "demo", "--samples=99999999999");
    assertUsage(
        "--format': 'xml' is not one of auto, parquet, csv, tsv, json, text, images",
        "run",
        "--format=xml");
    assertUsage("--min-cosine': '1.5' is not between -1 and 1", "run", "--min-cosine=1.5");
    assertUsage("--channel-bits': 11 is not between 1 and 10", "run", "--channel-bits=11");
    assertUsage("--run-id': Not a run id: '..'", "run", "--run-id=..");
    assertUsage("--data': it is empty", "run", "--data=");
    assertUsage("--image-size': '48' is not HEIGHTxWIDTH", "run", "--image-size=48");
    assertUsage("--image-std': '0' is not above 0", "run", "--image-std=0");
    assertUsage("--image-mean': 2 numbers; give one", "run", "--image-mean=1,2");
    assertUsage("--image-pad': '256' is not between 0 and 255", "run", "--image-pad=256");
    assertThat(calls).isEmpty();
  }

  private void assertUsage(String message, String... arguments) {
    err.getBuffer().setLength(0);
    assertThat(run(arguments)).isEqualTo(2);
    assertThat(err.toString().lines().toList()).hasSize(2);
    assertThat(err.toString())
        .startsWith("tare: error: ")
        .contains(message)
        .containsPattern("Try 'tare[ a-z]* --help'\\.");
  }

  @Test
  void exitCodesComeFromTheStageOrItsFailure() {
    for (ExitCode code : ExitCode.values()) {
      assertThat(commandLinesOf(code, null).run(List.of("demo"))).isEqualTo(code.code());
    }
    TareException bad = TareException.badInput("d.parquet: row 3 contains NaN");
    assertThat(
            commandLinesOf(ExitCode.OK, new IllegalStateException("spark", bad))
                .run(List.of("demo")))
        .isEqualTo(3);
    assertThat(err.toString()).isEqualTo("tare: error: d.parquet: row 3 contains NaN\n");
  }

  @Test
  void anythingElseIsABugWithAStackTrace() {
    IllegalStateException bug = new IllegalStateException("oops");
    assertThat(commandLinesOf(ExitCode.OK, bug).run(List.of("demo"))).isEqualTo(70);
    assertThat(err.toString())
        .contains("at dev.tare.jobs.cli.CommandLinesTest")
        .contains("tare: error: java.lang.IllegalStateException: oops")
        .contains("This is a bug in Tare");
  }

  @Test
  void verboseShowsTheStackTraceOfAKnownFailure() {
    TareException bad = TareException.badInput("no");
    commandLinesOf(ExitCode.OK, bad).run(List.of("demo", "--verbose"));

    assertThat(err.toString()).contains("at dev.tare.jobs.cli");
  }

  private CommandLines commandLinesOf(ExitCode result, RuntimeException failure) {
    return new RecordedCommands(calls, new PrintWriter(out), new PrintWriter(err), result, failure);
  }

  @Test
  void helpIsAsRecordedAndEverySubcommandShowsAnExample() throws IOException {
    assertThat(run("--help")).isZero();
    assertThat(out.toString()).isEqualTo(resource("help.txt"));
    assertThat(resource("help.txt"))
        .contains(Stream.of(ExitCode.values()).map(ExitCode::meaning).toList());
    out.getBuffer().setLength(0);
    assertThat(run("run", "--help")).isZero();
    assertThat(out.toString()).isEqualTo(resource("help-run.txt"));
    for (String subcommand : commandLines().create().getSubcommands().keySet()) {
      out.getBuffer().setLength(0);
      assertThat(run(subcommand, "--help")).isZero();
      assertThat(out.toString()).contains("\nExample\n  tare " + subcommand);
    }
  }

  @Test
  void versionNamesTareAndSpark() {
    assertThat(run("--version")).isZero();
    assertThat(out.toString())
        .matches(
            "tare \\d+\\.\\d+\\.\\d+ \\(Spark \\Q%s\\E, Java %d\\)\\R"
                .formatted(
                    org.apache.spark.package$.MODULE$.SPARK_VERSION(),
                    Runtime.version().feature()));
  }

  private static String resource(String name) throws IOException {
    try (InputStream stream = CommandLinesTest.class.getResourceAsStream(name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void noSubcommandShowsTheHelp() {
    assertThat(run()).isEqualTo(ExitCode.USAGE.code());
    assertThat(err.toString())
        .contains("Usage: tare SUBCOMMAND", "calibrate", "Exit codes", "Missing subcommand");
  }

  /** Numbers that no machine could serve end before any work, by the option's name. */
  @Test
  void hugeNumbersAreRefusedByName() {
    for (String option :
        List.of(
            "--batch-size=1000000000",
            "--partitions=1000000000",
            "--max-length=1000000000",
            "--channel-bits=1000000000",
            "--image-size=1000000000x1000000000",
            "--image-size=99999x99999",
            "--max-image-pixels=1000000000",
            "--eval-samples=1000000000",
            "--sensitivity=1000000000",
            "--samples=100000000000",
            "--max-bad-rows=99999999999999999999")) {
      err.getBuffer().setLength(0);
      assertThat(run("run", "--model", "m", "--data", "d", "--output", "o", option))
          .as(option)
          .isEqualTo(ExitCode.USAGE.code());
      assertThat(err.toString()).contains(option.replaceFirst("=.*", ""));
    }
    assertThat(calls).isEmpty();
  }
}
