package dev.tare.jobs.manage;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.FileEntry;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Status;
import dev.tare.jobs.model.RecipeOptions;
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
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Describes a model or a run; needs no Spark. */
public final class Inspection {

  /** Maximum number of inputs of one kind that are listed one by one. */
  private static final int LISTED = 3;

  private final PrintStream out;
  private final boolean verbose;
  private final Configuration hadoop = HadoopSettings.ofDriver();

  /**
   * @param verbose whether to print everything instead of a summary
   */
  public Inspection(PrintStream out, boolean verbose) {
    this.out = out;
    this.verbose = verbose;
  }

  /**
   * Prints a model's inputs, outputs and what can be quantized, or a run's inputs, results and
   * parts.
   *
   * @param recipe for a model, the recipe and target of which to print what will compute in
   *     integers; empty for those that a run would take
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
      new ModelInspection(out, verbose, hadoop).print(target, recipe);
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
            "%s is not a run: it has neither manifest.json nor status.json, and is not a published name; tare runs lists the runs below a folder"
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

  private void describe(FinishedRun run) throws IOException {
    field("run", run.manifest().runId());
    field("made by", "tare " + run.manifest().tareVersion() + ", " + run.manifest().created());
    field("stages", String.join(", ", run.manifest().stages()));
    run.facts().calibration().ifPresent(facts -> field("content-sha256", facts.contentSha256()));
    inputs(run.manifest().inputs());
    if (!verbose) {
      new RunSummary(out).print(run);
      return;
    }
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
    field("outcome", status.word());
    status.exitCode().ifPresent(code -> field("exit code", String.valueOf(code)));
    field("message", status.message());
    status.driver().ifPresent(process -> field("written by", process.describe()));
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

  private void field(String name, String value) {
    new Fields(out).print(name, value);
  }
}
