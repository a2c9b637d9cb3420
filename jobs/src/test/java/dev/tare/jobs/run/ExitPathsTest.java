package dev.tare.jobs.run;

import static dev.tare.jobs.run.CommandLine.json;
import static dev.tare.jobs.run.CommandLine.tare;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.Tare;
import dev.tare.jobs.cli.TareCommand;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.storage.RunFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Every row of the README's table of exit codes: the code, what is said, what {@code status.json}
 * says, and whether anything was published. Those of signals need processes: {@code
 * StoppedRunTest}.
 */
@Tag("slow")
class ExitPathsTest {

  @TempDir static Path folder;

  private static TinyRuns runs;

  private Path output;

  @BeforeAll
  static void runs() throws IOException {
    runs = TinyRuns.in(folder);
  }

  /** One test for each way to each code; a code without one does not compile. */
  @TestFactory
  Stream<DynamicNode> everyCodeIsReached() {
    return Arrays.stream(ExitCode.values())
        .filter(code -> !code.stopped())
        .map(code -> dynamicContainer(code.code() + ": " + code.meaning(), ways(code)));
  }

  private Stream<DynamicTest> ways(ExitCode code) {
    return switch (code) {
      case OK -> Stream.of(way("a run", this::ok), way("a run that is reused", this::reused));
      case USAGE ->
          Stream.of(
              way("an unknown option", () -> refused().unknownOption()),
              way("an output below a file", () -> refused().outputBelowAFile()),
              way("a configuration that explodes", () -> refused().explodingConfiguration()),
              way("a recipe that explodes", () -> refused().explodingRecipe()));
      case BAD_INPUT ->
          Stream.of(
              way("a model that is cut", () -> refused().cutModel()),
              way("statistics that were tampered with", () -> refused().tamperedStatistics()),
              way("a name that points to a foreign scheme", () -> refused().foreignPointer()),
              way("a table as text", () -> refused().commaSeparatedValues()),
              way("a link to nothing", () -> refused().linkToNothing()));
      case GATE_FAILED -> Stream.of(way("a limit out of reach", this::gate));
      case ALREADY_FINISHED -> Stream.of(way("a finished output", this::alreadyFinished));
      case PLATFORM -> Stream.of(way("executors lost again and again", this::lostExecutors));
      case INTERNAL -> Stream.of(way("a bug", this::bug));
      case INTERRUPTED, TERMINATED -> throw new AssertionError(code);
    };
  }

  private DynamicTest way(String name, Executable test) {
    return dynamicTest(
        name,
        () -> {
          output = Files.createTempDirectory(folder, "way").resolve("run");
          test.execute();
        });
  }

  private RefusedWays refused() {
    return new RefusedWays(runs, output);
  }

  private void ok() throws IOException {
    assertThat(tare(runs.run(output)).ends(0).out()).contains("file:" + output);
    assertThat(output.resolve("manifest.json")).isRegularFile();
    TinyRuns.says(output, "finished", 0);
  }

  private void reused() throws IOException {
    CommandLine.Result result = tare(runs.run(runs.finished(), "--if-finished", "reuse")).ends(0);
    assertThat(result.out()).contains("Reused the finished run file:" + runs.finished());
    TinyRuns.says(runs.finished(), "finished", 0);
  }

  /** The one failure that is finished: who reads runs finds it, marked. */
  private void gate() throws IOException {
    String out = tare(runs.run(output, "--min-sqnr-db=200")).ends(4).out();
    assertThat(out).contains("gate: failed; SQNR of 'y'", "below 200");
    assertThat(json(output.resolve("manifest.json")).at("/properties/gate").asText())
        .isEqualTo("failed");
    TinyRuns.says(output, "finished", 4);
    Path name = output.resolveSibling("name");
    tare("publish", output.toString(), "--as", name.toString()).ends(4);
    assertThat(name).doesNotExist();
    tare(runs.run(output, "--min-sqnr-db=200", "--if-finished=reuse")).ends(4);
  }

  private void alreadyFinished() throws IOException {
    byte[] before = Files.readAllBytes(runs.finished().resolve("manifest.json"));
    assertThat(tare(runs.run(runs.finished())).ends(5).err())
        .contains("tare: error: ", runs.finished().toString());
    assertThat(runs.finished().resolve("manifest.json")).hasBinaryContent(before);
    TinyRuns.says(runs.finished(), "finished", 0);
  }

  private void lostExecutors() throws IOException {
    SparkException aborted =
        new SparkException(
            "Job aborted due to stage failure: Task 0 in stage 3.0 failed 4 times, most recent"
                + " failure: Lost task 0.3 in stage 3.0 (TID 9) (10.0.0.7 executor 4):"
                + " ExecutorLostFailure (executor 4 exited caused by one of the running tasks)"
                + " Reason: Command exited with code 137");
    failing(new RuntimeException(aborted))
        .refuses(6, output, "Executors were lost again and again", "spark.executor.memoryOverhead");
  }

  private void bug() throws IOException {
    CommandLine.Result result = failing(new IllegalStateException("index 7")).ends(70);
    assertThat(result.err())
        .contains("\tat ", "tare: error: ", "index 7", "This is a bug in Tare; the stack trace");
    assertThat(output.resolve("manifest.json")).doesNotExist();
    TinyRuns.says(output, "failed", 70);
    assertThat(json(output.resolve("status.json")).path("message").asText()).contains("index 7");
  }

  /** A command whose work ends so, between the real command line and the real folder. */
  private CommandLine.Result failing(RuntimeException failure) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream said = new PrintStream(err, true, StandardCharsets.UTF_8);
    int code =
        new Tare(List.of(new Failing(failure)), said, said)
            .run("merge", "any", "--output", output.toString());
    return new CommandLine.Result(code, "", err.toString(StandardCharsets.UTF_8));
  }

  @Command(name = "merge")
  private static final class Failing extends TareCommand {

    private final RuntimeException failure;

    @Parameters(paramLabel = "RUN")
    private String run;

    @Option(names = "--output")
    private String output;

    Failing(RuntimeException failure) {
      super(new Console(System.out, System.err));
      this.failure = failure;
    }

    @Override
    protected ExitCode execute(Console console) throws IOException {
      RunFolder.at(output, Optional.empty(), new Configuration())
          .produce(
              attempt ->
                  Explained.run(
                      () -> {
                        throw failure;
                      }));
      throw new AssertionError("produced from " + run);
    }
  }
}
