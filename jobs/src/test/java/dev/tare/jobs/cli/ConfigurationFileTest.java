package dev.tare.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.hocon.ConfigurationText;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ConfigurationFileTest {
  @TempDir private Path temporary;

  private final CommandLine root =
      new RecordedCommands(
              List.of(), new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()))
          .create();
  private final OptionKeys keys = new OptionKeys(root.getCommandSpec());

  private Path write(String text) throws IOException {
    return Files.writeString(temporary.resolve("run.conf"), text);
  }

  private ConfigurationFile read(Path file) {
    return ConfigurationFile.read(file.toString(), new ConfigurationText(uri -> ""), keys);
  }

  private void assertRefused(String text, String message) throws IOException {
    Path file = write(text);
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(TareException.class)
        .hasMessageContaining(message)
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void namesAnUnknownKeyWithFileLineAndNearestKey() throws IOException {
    assertRefused(
        "model = m\n\nsampels = 5\n",
        temporary.resolve("run.conf") + ": 3: unknown key 'sampels'; did you mean 'samples'?");
    assertRefused(
        "calibrate {\n  min-cosine = 0.5\n}\n",
        "run.conf: 2: unknown key 'min-cosine' of 'calibrate'");
    assertRefused("calibrat { data = d }", "run.conf: 1: unknown key 'calibrat.data'");
    assertRefused("zzz.yyy = 1", "run.conf: 1: unknown key 'zzz.yyy'");
    assertRefused("config = x", "unknown key 'config'");
    assertRefused("help = true", "unknown key 'help'");
  }

  @Test
  void namesAnUnknownKeyOfAnIncludedFile() throws IOException {
    Files.writeString(temporary.resolve("base.conf"), "\n\nmodle = m\n");
    assertRefused(
        "include \"base.conf\"\n", "base.conf: 3: unknown key 'modle'; did you mean 'model'?");
  }

  @Test
  void namesAWrongTypeWithFileAndLine() throws IOException {
    assertRefused("\nsamples = many", "run.conf: 2: 'samples': 'many' is not a whole number");
    assertRefused("samples = 2.5", "run.conf: 1: 'samples': '2.5' is not a whole number");
    assertRefused("samples = [1]", "run.conf: 1: 'samples' must be a single value, not [1]");
    assertRefused("model = true", "run.conf: 1: 'model' must be a single text, not true");
    assertRefused("model { a = 1 }", "'model' must be a single text");
    assertRefused("run = 5", "unknown key 'run'");
    assertRefused(
        "run { min-cosine = 2 }", "run.conf: 1: 'min-cosine': '2' is not between -1 and 1");
    assertRefused("allow-mixed = 1", "'allow-mixed': '1' is not true or false");
  }

  @Test
  void sendsSparksSettingsToTheirPlace() throws IOException {
    assertRefused(
        "\nspark.sql.shuffle.partitions = 4",
        "run.conf: 2: 'spark.sql.shuffle.partitions' is a setting of Spark;"
            + " put it before the subcommand: --conf spark.sql.shuffle.partitions=...");
  }

  @Test
  void explainsWhatItCannotRead() throws IOException {
    assertRefused("samples = {", "Cannot read the configuration: ");
    assertRefused("samples = ${nowhere}", "Cannot read the configuration: ");
    assertThatThrownBy(() -> read(temporary.resolve("no.conf")))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("no.conf");
  }

  @Test
  void keepsTheSpellingOfNumbersAndDropsNull() throws IOException {
    ConfigurationFile file = read(write("run-id = 007\nmin-cosine = 0.50\ntokenizer = null\n"));

    assertThat(value(file, "run", "--run-id")).isEqualTo("007");
    assertThat(value(file, "run", "--min-cosine")).isEqualTo("0.50");
    assertThat(value(file, "run", "--tokenizer")).isNull();
    assertThat(value(file, "run", "--config")).isNull();
  }

  private String value(ConfigurationFile file, String subcommand, String option) {
    return file.defaultValue(
        root.getSubcommands().get(subcommand).getCommandSpec().findOption(option));
  }
}
