package dev.tare.jobs.stage;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.ModelFiles;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Reads and checks the runs of earlier stages. */
public final class EarlierRuns {

  private EarlierRuns() {}

  public static void requireSameModel(FinishedRun statistics, ModelHandle model) {
    String expected = statistics.calibration().modelSha256();
    if (!expected.equals(model.sha256())) {
      throw TareException.badInput(
          "The statistics in %s are of another model: sha256 %s, but %s has %s"
              .formatted(statistics.folder().path(), expected, model.ref().uri(), model.sha256()));
    }
  }

  public static void requireQuantizedFrom(FinishedRun quantized, ModelHandle model) {
    if (!model.files().areAmong(quantized.manifest().inputs())) {
      throw TareException.badInput(
          "The model in %s was quantized from another model than %s: %s"
              .formatted(
                  quantized.folder().path(),
                  model.ref().uri(),
                  model.files().differences(quantized.manifest().inputs())));
    }
  }

  /**
   * Returns the quantized model of a run after checking its bytes.
   *
   * @throws TareException (bad input) if the run has none, it is damaged, or it stores data in
   *     files that are not part of the run
   */
  public static ModelHandle quantizedModel(FinishedRun run, Configuration hadoop)
      throws IOException {
    ModelHandle model =
        ModelHandle.openToRun(run.verifiedModel(ModelHandle.namesInFolders()).toString(), hadoop);
    for (String file : model.files().data().keySet()) {
      Path path = ModelFiles.beside(model.ref().uri(), file);
      if (run.files(Part.MODEL).stream().noneMatch(stored -> stored.path().equals(path))) {
        throw TareException.badInput(
            "The model of run %s stores data in '%s', which is not a file of the run"
                .formatted(run.folder().path(), file));
      }
    }
    return model;
  }
}
