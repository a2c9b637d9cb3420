package dev.tare.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.stage.Places;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.IfFinished;
import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EarlyLookTest {

  @TempDir Path folder;

  private void refused(String model, String recipe, ExitCode code, String... words)
      throws IOException {
    Path output = folder.resolve("run");
    EarlyLook look =
        new EarlyLook(
            new OutputOptions(
                output.toString(), Optional.empty(), IfFinished.FAIL, Atomicity.REQUIRED));
    assertThatThrownBy(() -> look.check(Places.ofModel(model).withRecipe(RecipeOptions.of(recipe))))
        .isInstanceOfSatisfying(TareException.class, e -> assertThat(e.exitCode()).isEqualTo(code))
        .hasMessageContainingAll(words);
    JsonNode status = CommandLine.json(output.resolve("status.json"));
    assertThat(status.path("outcome").asText()).isEqualTo("failed");
    assertThat(status.path("exit-code").asInt()).isEqualTo(code.code());
    assertThat(output.resolve("manifest.json")).doesNotExist();
  }

  @Test
  void aFolderAMissingFileAndAnUnknownRecipeAreToldWithoutSpark() throws IOException {
    String model = SmallModels.exportedMlp().write(folder.resolve("bge.onnx"));
    refused(
        folder.toString(),
        "int8",
        ExitCode.BAD_INPUT,
        folder + " is a folder; name the file in it (found: bge.onnx)");
    refused(folder + "/no.onnx", "int8", ExitCode.BAD_INPUT, "No such file: ", "no.onnx");
    refused(model, "int9", ExitCode.USAGE, "Unknown recipe 'int9'");
    Files.createSymbolicLink(folder.resolve("l.onnx"), Path.of("nothing"));
    refused(folder + "/l.onnx", "int8", ExitCode.BAD_INPUT, "a symbolic link to nothing");
  }
}
