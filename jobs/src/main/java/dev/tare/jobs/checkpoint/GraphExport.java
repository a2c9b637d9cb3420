package dev.tare.jobs.checkpoint;

import dev.tare.engine.checkpoint.CompressedTensorsConfig;
import dev.tare.engine.checkpoint.LinearLayers;
import dev.tare.engine.checkpoint.LinearWeight;
import dev.tare.engine.checkpoint.ParameterNames;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.Printable;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.console.Console;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.stage.EarlierRuns;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.Lineage;
import dev.tare.jobs.storage.ModelFiles;
import dev.tare.jobs.storage.OpenedRuns;
import dev.tare.jobs.table.ConstantKey;
import dev.tare.jobs.table.PlanStore;
import dev.tare.jobs.table.WeightStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * {@code tare export --format compressed-tensors}: the integers and scales of a quantized graph as
 * a checkpoint that PyTorch loads, under the names of the checkpoint that the graph was exported
 * from. Needs no Spark; the weights are in memory.
 */
public final class GraphExport {

  private final Console console;
  private final Configuration hadoop = HadoopSettings.ofDriver();

  public GraphExport(Console console) {
    this.console = console;
  }

  /**
   * Writes a checkpoint and the mapping.
   *
   * @param location the run that quantized, or evaluated what was quantized
   * @param checkpoint folder with the float checkpoint
   * @param mapping file with names that a person decided
   * @param model the float graph, where it is no longer where the run read it
   * @param folder where to write; must not exist
   * @throws TareException (bad input) if the run has no such weights, or the names are ambiguous;
   *     (usage) if the folder cannot be written
   */
  public ExitCode run(
      String location,
      String checkpoint,
      Optional<String> mapping,
      Optional<String> model,
      String folder)
      throws IOException {
    ExportFolder target = ExportFolder.at(folder, hadoop);
    Lineage lineage = Lineage.of(location, new OpenedRuns(hadoop));
    FinishedRun quantized =
        lineage.require(Part.WEIGHTS, "There are no quantized weights in run " + location);
    QuantPlan plan =
        PlanStore.readAlone(
            lineage.require(Part.PLAN_JSON, "There is no plan of run " + location), hadoop);
    ModelHandle handle =
        ModelHandle.open(model.orElseGet(() -> ModelFiles.placeOf(quantized).toString()), hadoop);
    EarlierRuns.requireQuantizedFrom(quantized, handle);
    CheckpointFolder source = CheckpointFolder.open(checkpoint, hadoop);
    SortedMap<String, String> given = new TreeMap<>();
    if (mapping.isPresent()) {
      given.putAll(MappingFile.read(mapping.get(), hadoop));
    }
    try {
      write(plan, handle.prepared().graph(), quantized, source, given, target);
    } catch (IllegalArgumentException e) {
      throw TareException.badInput(
          "Cannot export run %s: %s".formatted(location, e.getMessage()), e);
    }
    console.out().println(target.path());
    return ExitCode.OK;
  }

  private void write(
      QuantPlan plan,
      ModelGraph graph,
      FinishedRun quantized,
      CheckpointFolder source,
      SortedMap<String, String> given,
      ExportFolder target)
      throws IOException {
    requireSameFloats(plan);
    SortedMap<String, String> left = new TreeMap<>();
    SortedMap<String, LinearWeight> weights = LinearWeight.of(plan, graph, left);
    Parameters parameters = new Parameters(source, hadoop);
    SortedMap<String, String> digests = new TreeMap<>();
    weights.forEach((name, weight) -> digests.put(name, weight.digest(graph.constant(name))));
    parameters.requireFitting(weights, given);
    ParameterNames names =
        ParameterNames.find(digests, parameters.digests(weights.values()), given);
    names.unknown().forEach(name -> left.put(name, "no parameter has its values"));
    SortedMap<String, LinearWeight> named = new TreeMap<>();
    names.parameters().forEach((own, parameter) -> named.put(parameter, weights.get(own)));
    boolean inputs = named.values().stream().anyMatch(weight -> weight.input().isPresent());
    if (inputs) {
      names
          .parameters()
          .forEach(
              (own, parameter) -> {
                if (weights.get(own).input().isEmpty()) {
                  named.remove(parameter);
                  left.put(own, "its inputs stay float, and those of others do not");
                }
              });
    }
    LinearLayers layers = new LinearLayers(named, inputs, parameters.others(named.keySet()));
    String config = CompressedTensorsConfig.addTo(source.config(), layers);
    List<TensorPlan> constants = new ArrayList<>(plan.quantized(Role.WEIGHT));
    constants.addAll(plan.quantized(Role.BIAS));
    Map<ConstantKey, ByteBuffer> codes =
        WeightStore.read(hadoop, quantized.verified(Part.WEIGHTS), constants, ByteBuffer::allocate);
    target.write(
        folder -> {
          new GraphCheckpoint(source, layers, hadoop)
              .write(new Path(folder, "model.safetensors"), plan(codes));
          target.text(folder, CheckpointFolder.CONFIG, config);
          target.text(folder, MappingFile.NAME, MappingFile.format(names.parameters(), left));
          for (var other : source.others()) {
            target.copy(folder, new Path(other.uri()));
          }
        });
    tell(named.size(), left);
  }

  private static GraphCheckpoint.Codes plan(Map<ConstantKey, ByteBuffer> codes) {
    return weight -> codes.get(ConstantKey.of(weight.plan()));
  }

  private static void requireSameFloats(QuantPlan plan) {
    if (!plan.smoothed().isEmpty()) {
      throw new IllegalArgumentException(
          "its plan smooths inputs, so the layers before these weights are others than the"
              + " checkpoint's; use a recipe without smoothing");
    }
    if (plan.corrected().stream().anyMatch(bias -> bias.corrects())) {
      throw new IllegalArgumentException(
          "its plan corrects biases, which the checkpoint has not; use a recipe without it");
    }
  }

  private void tell(int written, SortedMap<String, String> left) {
    console.progress().println("%d weights as integers".formatted(written));
    if (!left.isEmpty()) {
      List<String> reasons =
          left.entrySet().stream()
              .map(each -> each.getKey() + " (" + each.getValue() + ")")
              .toList();
      console
          .progress()
          .println(
              "Left as the checkpoint has them, %d: %s"
                  .formatted(left.size(), Printable.list(reasons)));
    }
  }
}
