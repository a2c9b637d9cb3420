package dev.tare.jobs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.recipe.Recipe;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeTextTest {

  private static final Configuration HADOOP = new Configuration();

  @TempDir Path folder;

  private String write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  @Test
  void everyFileOfTheConfigurationFolderIsShipped() throws IOException {
    TreeSet<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.list(Path.of("..", "conf", "recipes"))) {
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".conf"))
          .forEach(name -> names.add(name.replace(".conf", "")));
    }
    assertThat(names).containsExactlyInAnyOrderElementsOf(RecipeText.SHIPPED);
    for (String name : names) {
      assertThat(RecipeText.open(options(name), HADOOP).parse().name()).isEqualTo(name);
    }
  }

  /** The operators of some recipes are those of another format, which one target alone reads. */
  private static RecipeOptions options(String name) {
    String target = name.contains("-tflite") ? "tflite" : RecipeText.DEFAULT_TARGET;
    return RecipeOptions.of(Optional.of(name), target, false, Optional.empty());
  }

  /** Both of its placements compute the same. */
  @Test
  void aTargetWhosePlacementsAreOfTheEndsHasNoFastest() {
    assertPlacement(
        "int8-tflite",
        "fastest",
        "placements of target tflite say what callers exchange with the model: choose one of"
            + " float-ends, integer-ends");
    assertPlacement(
        "int8-tflite-dynamic", "integer-ends", "are integers only where activations are");
  }

  private static void assertPlacement(String recipe, String placement, String message) {
    RecipeOptions options =
        RecipeOptions.of(Optional.of(recipe), "tflite", false, Optional.of(placement));
    assertThatThrownBy(() -> RecipeText.open(options, HADOOP))
        .isInstanceOf(TareException.class)
        .hasMessageContaining(message)
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void shippedRecipesIncludeTheDefault() throws IOException {
    Recipe recipe = RecipeText.open(RecipeOptions.of("int8-entropy"), HADOOP).parse();
    assertThat(recipe.activations().orElseThrow().method().name()).isEqualTo("entropy");
    assertThat(recipe.weights())
        .isEqualTo(RecipeText.open(RecipeOptions.of("int8"), HADOOP).parse().weights());
  }

  @Test
  void fileIncludesAShippedRecipeAndFilesBesideIt() throws IOException {
    write("masks.conf", "float-above = 100\n");
    String place =
        write(
            "mine.conf",
            "include \"int8.conf\"\ninclude \"masks.conf\"\nexclude = [\"/head/*\"]\n");
    Recipe recipe = RecipeText.open(RecipeOptions.of(place), HADOOP).parse();
    assertThat(recipe.name()).isEqualTo(place);
    assertThat(recipe.floatAbove()).isEqualTo(100);
    assertThat(recipe.operators())
        .containsExactly("MatMul", "Gemm", "Conv", "ConvTranspose", "Gather");
    assertThat(recipe.rules().get(0).pattern().orElseThrow().glob()).isEqualTo("/head/*");
  }

  @Test
  void fileMayAddToAnIncludedList() throws IOException {
    write("base.conf", "include \"int8\"\nexclude = [\"/a/*\"]\n");
    String place = write("mine.conf", "include \"base.conf\"\nexclude = ${exclude} [\"/b/*\"]\n");
    assertThat(RecipeText.open(RecipeOptions.of(place), HADOOP).parse().rules())
        .extracting(rule -> rule.pattern().orElseThrow().glob())
        .containsExactly("/a/*", "/b/*");
  }

  @Test
  void mistakesNameFileAndLine() throws IOException {
    String unknown = write("unknown.conf", "include \"int8.conf\"\n\nweights.bits = 4\n");
    assertUsage(unknown, "Unknown key 'weights.bits' in a recipe (" + unknown + ": 3)");
    String value = write("value.conf", "include \"int8.conf\"\nweights.type = int5\n");
    assertUsage(
        value, "Invalid 'type' in a recipe (" + value + ": 2): expected one of int4, uint4, int8");
    String type = write("type.conf", "include \"int8.conf\"\nfloat-above = many\n");
    assertUsage(type, type + ": 2: float-above has type STRING rather than NUMBER");
    String syntax = write("syntax.conf", "weights {\n");
    assertUsage(syntax, syntax + ": ");
    String open = write("open.conf", "include \"int8.conf\"\ndescription = ${nowhere-at-all}\n");
    assertUsage(open, "nowhere-at-all");
  }

  @Test
  void missingFilesAndIncludesAreRefused() throws IOException {
    assertUsage("int9", "Unknown recipe 'int9': shipped are int8, int8-all, int8-cnn, ");
    assertUsage(
        "w4a16-g128",
        "Recipe 'w4a16-g128' is for a checkpoint of PyTorch, not for a model with a graph: "
            + "tare quantize --recipe w4a16-g128 --model FOLDER --output RUN");
    String gone = folder.resolve("gone.conf").toString();
    assertUsage(gone, "Cannot read recipe '" + gone + "': No such file");
    String place = write("mine.conf", "include \"base.conf\"\n");
    assertUsage(place, "base.conf': No such file");
    String self = write("self.conf", "include \"self.conf\"\n");
    assertUsage(self, "self.conf' includes itself");
  }

  private static void assertUsage(String recipe, String message) {
    assertThatThrownBy(() -> RecipeText.open(RecipeOptions.of(recipe), HADOOP))
        .isInstanceOf(TareException.class)
        .hasMessageContaining(message)
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.USAGE);
  }
}
