package dev.tare.jobs.model;

import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.ModelFile;
import dev.tare.jobs.TareException;
import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.ModelCache;
import dev.tare.jobs.storage.ModelFiles;
import dev.tare.jobs.storage.ModelRef;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import org.apache.hadoop.conf.Configuration;

/**
 * A serializable reference to a model: location, content hash, and file system settings. What this
 * JVM already made of it is in its {@link ModelStore}.
 *
 * @param files locations and content hashes
 * @param hadoop settings of their file system
 */
public record ModelHandle(ModelFiles files, HadoopSettings hadoop) implements Serializable {

  private static final long serialVersionUID = 1L;

  /**
   * A model that can be quantized.
   *
   * @throws TareException (bad input) if there is no such file or this version cannot handle it
   */
  public static ModelHandle open(String location, Configuration hadoop) throws IOException {
    ModelHandle handle = openUnchecked(location, hadoop);
    handle.warnings();
    return handle;
  }

  /**
   * A model without checks for quantization, such as one to inspect.
   *
   * @throws TareException (bad input) if there is no such file, it is of no known format, its
   *     structure is broken, or a file in which it keeps data is missing or a link
   */
  public static ModelHandle openUnchecked(String location, Configuration hadoop)
      throws IOException {
    return ModelStore.ofJvm().open(location, hadoop);
  }

  /**
   * A model that need only run, such as a quantized one: its weights are not read.
   *
   * @throws TareException (bad input) as {@link #openUnchecked} does
   */
  public static ModelHandle openToRun(String location, Configuration hadoop) throws IOException {
    return ModelStore.ofJvm().look(location, hadoop);
  }

  /** Names of models' own files in the formats that write a model as a folder. */
  public static Set<String> namesInFolders() {
    return ModelFormats.namesInFolders();
  }

  /**
   * What cannot be judged without running the model, for people.
   *
   * @throws TareException (bad input) if it cannot be quantized
   */
  public List<String> warnings() {
    try {
      return ModelStore.ofJvm().warnings(this);
    } catch (InvalidModelException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  /** Place and content of the model's own file. */
  public ModelRef ref() {
    return files.model();
  }

  /** The identity of this model, data files included. */
  public String sha256() {
    return files.sha256();
  }

  /** The file on this machine, with its data files in the same folder. */
  public Path path() {
    try {
      return ModelCache.ofUser().fetch(files, hadoop.configuration());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot fetch model " + ref().uri(), e);
    }
  }

  /**
   * The model, kept while memory lasts.
   *
   * @throws TareException (bad input) if the file is no model of a known format
   */
  public FloatModel parse() {
    return ModelStore.ofJvm().parse(this);
  }

  /**
   * The model made ready for quantization, kept while memory lasts; calibration observes this
   * model, and plans name its tensors.
   *
   * @throws TareException (bad input) if the file is no model of a known format
   */
  public FloatModel prepared() {
    return ModelStore.ofJvm().prepared(this);
  }

  /** How messages call the format that the model is stored in. */
  public String formatName() {
    try {
      return ModelFormats.of(path(), files.fileName()).format().name();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read model " + ref().uri(), e);
    }
  }

  /** How messages call what runs the model. */
  public String runtimeName() {
    return Sessions.runtime(ModelFile.of(path())).name();
  }

  /** The model as it is, or where a session does not take that, as one that computes the same. */
  public ModelFile file() {
    return ModelStore.ofJvm().file(this);
  }

  /**
   * The prepared model with more of its tensors as outputs, made on this machine: every JVM makes
   * the same bytes, so only the original travels. Data files are not copied.
   */
  public ModelFile exposing(SortedSet<String> tensors) {
    return ModelStore.ofJvm().exposing(this, tensors);
  }
}
