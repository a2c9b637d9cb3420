package dev.tare.jobs.storage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.InputRef;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * References to a model for executors: its file, and its external data files, which every model of
 * more than 2 GiB has.
 *
 * @param model the model's file
 * @param data the others, by path relative to the folder of the first, with slashes
 */
public record ModelFiles(ModelRef model, SortedMap<String, ModelRef> data) implements Serializable {

  private static final long serialVersionUID = 1L;

  /** Name of the model among a run's inputs. */
  public static final String MODEL = "model";

  /** Name of a data file of the model among a run's inputs. */
  public static final String MODEL_DATA = "model-data";

  public ModelFiles {
    data = Collections.unmodifiableSortedMap(new TreeMap<>(data));
  }

  /**
   * Returns the identity of the model: the hash of its file, or, with data files, the hash of a
   * text with the hash of the model's file and a line with name, length and hash of each data file.
   */
  public String sha256() {
    if (data.isEmpty()) {
      return model.sha256();
    }
    StringBuilder text = new StringBuilder(model.sha256()).append('\n');
    data.forEach(
        (name, file) ->
            text.append(file.sha256())
                .append(' ')
                .append(file.length())
                .append(' ')
                .append(name)
                .append('\n'));
    return Digest.of(text.toString()).sha256();
  }

  /**
   * Where the model of a run is, as the run names it among its inputs.
   *
   * @throws TareException (bad input) if it names none, or nothing that can be a place; the message
   *     says to give {@code --model}
   */
  public static Path placeOf(FinishedRun run) {
    String folder = run.folder().path().toString();
    return run.manifest().inputs().stream()
        .filter(input -> input.name().equals(MODEL))
        .findFirst()
        .map(
            input ->
                StoredPlace.of(
                    input.uri(),
                    run.folder().path(),
                    "Give the model by --model: run %s names".formatted(folder)))
        .orElseThrow(
            () ->
                TareException.badInput(
                    "Run %s names no model among its inputs; give it by --model"
                        .formatted(folder)));
  }

  /** Bytes of all files. */
  public long bytes() {
    return model.length() + data.values().stream().mapToLong(ModelRef::length).sum();
  }

  /**
   * Checks, at the end of a run, that no file has changed, by reading all again.
   *
   * @throws TareException (bad input) if one has changed or is missing
   */
  public void requireUnchanged(Configuration hadoop) throws IOException {
    model.requireUnchanged(hadoop);
    for (ModelRef file : data.values()) {
      file.requireUnchanged(hadoop);
    }
  }

  /** Returns the files as inputs of a run. */
  public List<InputRef> asInputs() {
    List<InputRef> inputs = new ArrayList<>();
    inputs.add(model.asInput(MODEL));
    data.values().forEach(file -> inputs.add(file.asInput(MODEL_DATA)));
    return inputs;
  }

  /** Whether a run with these inputs read this model. */
  public boolean areAmong(List<InputRef> inputs) {
    return contents(inputs).equals(contents(asInputs()));
  }

  /** Describes in one phrase the files that a run read as its model, and those of this model. */
  public String differences(List<InputRef> inputs) {
    return "%s there, %s here"
        .formatted(String.join(", ", contents(inputs)), String.join(", ", contents(asInputs())));
  }

  private static List<String> contents(List<InputRef> inputs) {
    return inputs.stream()
        .filter(input -> input.name().equals(MODEL) || input.name().equals(MODEL_DATA))
        .map(input -> input.name() + " with sha256 " + input.sha256().orElse("unknown"))
        .sorted()
        .toList();
  }

  /** Returns all files by path relative to the model's folder. */
  Map<String, ModelRef> byPath() {
    SortedMap<String, ModelRef> files = new TreeMap<>(data);
    files.put(fileName(), model);
    return files;
  }

  /** Returns the original name of the model's file, also if the local copy has another one. */
  public String fileName() {
    String path = model.uri().getPath();
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** Returns the location of a data file of a model. */
  public static Path beside(URI model, String name) {
    return Locations.child(new Path(model).getParent(), name);
  }
}
