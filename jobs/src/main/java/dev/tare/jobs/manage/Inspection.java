package dev.tare.jobs.manage;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.graph.SkippedNode;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.recipe.DefaultRecipe;
import dev.tare.jobs.Printable;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Status;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.model.RecipeText;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.Locations;
import dev.tare.jobs.storage.RunFolder;
import dev.tare.jobs.storage.RunName;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Describes a model or a run; needs no Spark. */
public final class Inspection {

  /** Maximum number of inputs of one kind that are listed one by one. */
  private static final int LISTED = 3;

  private final PrintStream out;
  private final Configuration hadoop = HadoopSettings.ofDriver();

  public Inspection(PrintStream out) {
    this.out = out;
  }

  /**
   * Prints a model's inputs, outputs and quantizable operators, or a run's inputs, parts and
   * results.
   *
   * @param recipe for a model, the recipe and target of which to print what will compute in
   *     integers; empty for none
   * @throws TareException (bad input) if there is neither a model nor a run; (usage) if the recipe
   *     cannot be read, or a run is asked about a target
   */
  public void run(String target, Optional<RecipeOptions> recipe) throws IOException {
    Path path = Locations.qualified(target, hadoop);
    if (!path.getFileSystem(hadoop).exists(path)) {
      throw TareException.badInput("No such file or folder: " + path);
    }
    if (path.getFileSystem(hadoop).getFileStatus(path).isDirectory()) {
      if (recipe.isPresent()) {
        throw TareException.usage("--target is for a model, and " + path + " is a run folder");
      }
      inspectRun(RunFolder.existing(path, hadoop), RunName.at(target, hadoop));
    } else {
      ModelHandle model = ModelHandle.openUnchecked(target, hadoop);
      boolean quantizable = inspectModel(model);
      if (recipe.isPresent() && quantizable) {
        ModelGraph graph = model.prepared().graph();
        RecipeOptions options =
            recipe.get().automatic()
                ? recipe.get().named(DefaultRecipe.of(graph).name())
                : recipe.get();
        new Forecast(out).print(graph, RecipeText.open(options, hadoop));
      }
    }
  }

  private void inspectRun(RunFolder folder, RunName name) throws IOException {
    if (folder.state() != RunFolder.State.FINISHED) {
      Optional<RunName.Target> target = name.target();
      if (target.isPresent()) {
        field("name", name.path().toString());
        field(
            "published", "%s, entry %d".formatted(target.get().published(), target.get().number()));
        field("points to", target.get().run().toString());
        describe(name.open(target.get()));
        return;
      }
      if (!folder.begun()) {
        throw TareException.badInput(
            "%s is not a run: it has neither manifest.json nor status.json, and is no name"
                .formatted(folder.path()));
      }
      field("run", folder.path().toString());
      field("state", "not finished");
      folder
          .status()
          .ifPresentOrElse(
              this::status, () -> field("status.json", "not there, or its writing broke off"));
      return;
    }
    describe(folder.open());
  }

  private void describe(FinishedRun run) {
    field("run", run.manifest().runId());
    field("made by", "tare " + run.manifest().tareVersion() + ", " + run.manifest().created());
    field("stages", String.join(", ", run.manifest().stages()));
    run.facts().calibration().ifPresent(facts -> field("content-sha256", facts.contentSha256()));
    inputs(run.manifest().inputs());
    out.println();
    properties("", run.manifest().properties());
    out.println();
    for (FileEntry file : run.manifest().files()) {
      out.printf(Locale.ROOT, "%14d  %s%n", file.digest().bytes(), file.path());
    }
  }

  /**
   * Prints a line for each input, or one line for many of a kind, such as the files of a data set.
   */
  private void inputs(List<InputRef> inputs) {
    Map<String, List<InputRef>> kinds = new LinkedHashMap<>();
    inputs.forEach(i -> kinds.computeIfAbsent(i.name(), name -> new ArrayList<>()).add(i));
    kinds.forEach(
        (name, files) -> {
          if (files.size() <= LISTED) {
            files.forEach(file -> field(name, file.uri().toString()));
          } else {
            field(
                name,
                "%d files, %d bytes, %s to %s"
                    .formatted(
                        files.size(),
                        files.stream().mapToLong(InputRef::bytes).sum(),
                        files.get(0).uri(),
                        files.get(files.size() - 1).uri()));
          }
        });
  }

  private void status(Status status) {
    field("outcome", status.outcome().name().toLowerCase(Locale.ROOT));
    status.exitCode().ifPresent(code -> field("exit code", String.valueOf(code)));
    field("message", status.message());
  }

  private void properties(String prefix, JsonNode node) {
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (entry.getValue().isObject()) {
        properties(prefix + entry.getKey() + ".", entry.getValue());
      } else if (entry.getValue().isArray()) {
        int size = entry.getValue().size();
        field(prefix + entry.getKey(), size > 4 ? size + " entries" : join(entry.getValue()));
      } else {
        field(prefix + entry.getKey(), entry.getValue().asText());
      }
    }
  }

  private static String join(JsonNode array) {
    TreeSet<String> values = new TreeSet<>();
    array.forEach(value -> values.add(value.asText()));
    return String.join(", ", values);
  }

  /** Whether it can be quantized. */
  private boolean inspectModel(ModelHandle handle) {
    FloatModel model = handle.parse();
    field("model", model.name());
    field("sha256", handle.ref().sha256());
    field("bytes", String.valueOf(handle.ref().length()));
    handle
        .files()
        .data()
        .forEach(
            (file, ref) ->
                field(
                    "data", "%s, %d bytes, sha256 %s".formatted(file, ref.length(), ref.sha256())));
    if (!handle.files().data().isEmpty()) {
      field("sha256 of all", handle.sha256());
    }
    model.origin().forEach(this::field);
    field("parameters", String.valueOf(model.parameterCount()));
    model.inputs().forEach(input -> field("input", describe(input)));
    model.outputs().forEach(output -> field("output", describe(output)));
    field(
        "operators",
        model.operatorCounts().entrySet().stream()
            .map(e -> e.getKey() + " " + e.getValue())
            .collect(Collectors.joining(", ")));
    try {
      model.requireQuantizable().forEach(warning -> field("warning", warning));
      model.requireWritable();
    } catch (InvalidModelException e) {
      field("can be quantized", "no: " + e.getMessage());
      return false;
    }
    ModelGraph graph = model.graph();
    field("can be quantized", verdict(graph));
    if (!graph.nodes().isEmpty()) {
      DefaultRecipe chosen = DefaultRecipe.of(handle.prepared().graph());
      field("recipe, if none is named", chosen.name() + ": " + chosen.reason());
    }
    weights(graph);
    return true;
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

  private void field(String name, String value) {
    out.printf("%-32s %s%n", Printable.name(name), Printable.message(value));
  }
}
