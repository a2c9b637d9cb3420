package dev.tare.jobs.manage;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.SkippedNode;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.recipe.DefaultRecipe;
import dev.tare.jobs.Printable;
import dev.tare.jobs.console.Launcher;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/** Describes a model: what it is, what of it becomes integers, how large it will be. */
final class ModelInspection {

  /** Kinds of operators that a summary names, the most frequent ones. */
  private static final int KINDS = 8;

  private final PrintStream out;
  private final Fields fields;
  private final boolean verbose;
  private final Configuration hadoop;

  ModelInspection(PrintStream out, boolean verbose, Configuration hadoop) {
    this.out = out;
    this.fields = new Fields(out);
    this.verbose = verbose;
    this.hadoop = hadoop;
  }

  /**
   * Prints it.
   *
   * @param location path or URI of the model
   * @param recipe of which to print what will compute in integers; empty for those of a run
   */
  void print(String location, Optional<RecipeOptions> recipe) throws IOException {
    ModelHandle handle = ModelHandle.openUnchecked(location, hadoop);
    FloatModel model = handle.parse();
    identity(handle, model);
    model.inputs().forEach(input -> fields.print("input", describe(input)));
    model.outputs().forEach(output -> fields.print("output", describe(output)));
    fields.print("operators", operators(model));
    try {
      model.requireQuantizable().forEach(warning -> fields.print("warning", warning));
      model.requireWritable();
    } catch (InvalidModelException e) {
      fields.print("can be quantized", "no: " + e.getMessage());
      return;
    }
    ModelGraph graph = model.graph();
    fields.print("can be quantized", verdict(graph));
    if (verbose) {
      weights(graph);
    }
    if (!graph.nodes().isEmpty()) {
      forecast(handle, model, recipe);
    }
    if (!verbose) {
      next(location, model, RecipeOptions.ofDefault(handle).target());
    }
  }

  private void identity(ModelHandle handle, FloatModel model) {
    fields.print("model", model.name());
    fields.print("bytes", String.valueOf(handle.ref().length()));
    fields.print("parameters", String.valueOf(model.parameterCount()));
    if (!verbose) {
      return;
    }
    fields.print("sha256", handle.ref().sha256());
    handle
        .files()
        .data()
        .forEach(
            (file, ref) ->
                fields.print(
                    "data", "%s, %d bytes, sha256 %s".formatted(file, ref.length(), ref.sha256())));
    if (!handle.files().data().isEmpty()) {
      fields.print("sha256 of all", handle.sha256());
    }
    model.origin().forEach(fields::print);
  }

  private String operators(FloatModel model) {
    List<String> kinds =
        model.operatorCounts().entrySet().stream()
            .sorted((a, b) -> verbose ? 0 : Long.compare(b.getValue(), a.getValue()))
            .map(e -> e.getKey() + " " + e.getValue())
            .toList();
    if (verbose || kinds.size() <= KINDS) {
      return String.join(", ", kinds);
    }
    return kinds.stream().limit(KINDS).collect(Collectors.joining(", "))
        + " and %d more kinds".formatted(kinds.size() - KINDS);
  }

  private void forecast(ModelHandle handle, FloatModel model, Optional<RecipeOptions> asked)
      throws IOException {
    ModelGraph graph = handle.prepared().graph();
    RecipeOptions usual = RecipeOptions.ofDefault(handle);
    RecipeOptions options = asked.isPresent() ? asked.get().of(handle) : usual;
    DefaultRecipe chosen = DefaultRecipe.of(graph);
    fields.print(
        "recipe, if none is named",
        usual.automatic() ? chosen.name() + ": " + chosen.reason() : usual.recipe());
    RecipeText recipe =
        RecipeText.open(options.automatic() ? options.named(chosen.name()) : options, hadoop);
    new Forecast(out, verbose).print(graph, recipe, handle.files().bytes(), model.parameterCount());
  }

  private void next(String location, FloatModel model, String target) {
    boolean tokens = model.inputs().stream().anyMatch(input -> input.name().equals("input_ids"));
    out.printf(
        "%nall operators   %s%nnext            %s%n",
        Launcher.command("inspect --verbose " + location),
        Launcher.command(
            "run --model %s%s%s --data DATA --output RUN"
                .formatted(
                    location,
                    target.equals(RecipeText.DEFAULT_TARGET) ? "" : " --target " + target,
                    tokens ? " --tokenizer tokenizer.json" : "")));
  }

  /** Summarizes what recipes can quantize in a model that passed all checks. */
  private static String verdict(ModelGraph weights) {
    if (!weights.nodes().isEmpty()) {
      return "yes";
    }
    if (!weights.embeddings().isEmpty() || !weights.inSubgraphs().isEmpty()) {
      return "weights alone, by int8-weights and its kin: "
          + (weights.inSubgraphs().isEmpty()
              ? "it has tables, and no operator that multiplies by a constant weight"
              : "its operators with a constant weight stand in bodies of If, Loop or Scan");
    }
    return "no: it has no MatMul, Gemm, Conv, ConvTranspose or table with a constant weight";
  }

  private void weights(ModelGraph graph) {
    List<QuantizableNode> nodes = graph.nodes();
    out.printf("%n%d operators with a constant weight%n", nodes.size());
    nodes.forEach(this::operator);
    for (SkippedNode node : graph.skipped()) {
      out.printf(
          "  %-7s %-16s %s: %s%n",
          Printable.name(node.opType()),
          "stays float",
          Printable.name(node.node()),
          Printable.message(node.reason()));
    }
    List<QuantizableNode> inBodies = graph.inSubgraphs();
    if (!inBodies.isEmpty()) {
      out.printf(
          "%n%d more in bodies of If, Loop or Scan, for recipes of weights alone%n",
          inBodies.size());
      inBodies.forEach(this::operator);
    }
  }

  private void operator(QuantizableNode node) {
    out.printf(
        "  %-7s %-16s %s%n",
        Printable.name(node.opType()), node.weightShape(), Printable.name(node.node()));
  }

  private static String describe(TensorInfo info) {
    return info.name()
        + " "
        + info.dtype().map(Enum::name).orElse("?")
        + " "
        + info.dims().map(Object::toString).orElse("of unknown rank");
  }
}
