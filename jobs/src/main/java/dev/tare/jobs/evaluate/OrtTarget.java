package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.InferenceException;
import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.OptimizationLevel;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.Sessions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.commons.io.FileUtils;

/**
 * ONNX Runtime on the JVM. Without optimization it computes a quantized model as it is written, in
 * float: what Tare predicts for every target.
 */
record OrtTarget(OptimizationLevel level, int threads) implements TargetRuntime {

  @Override
  public Optional<String> missing() {
    return Optional.empty();
  }

  @Override
  public Outcome run(ModelHandle model, List<Sample> samples, List<String> tensors)
      throws IOException {
    FloatModel parsed = model.parse();
    List<String> outputs = parsed.outputs().stream().map(TensorInfo::name).toList();
    if (outputs.containsAll(tensors)) {
      return run(model.file(), samples, tensors);
    }
    Path folder = Files.createTempDirectory("tare-exposed");
    try {
      return run(
          parsed.exposing(new TreeSet<>(tensors)).writeLocal(folder, model.path().getParent()),
          samples,
          tensors);
    } finally {
      FileUtils.deleteDirectory(folder.toFile());
    }
  }

  private Outcome run(ModelFile file, List<Sample> samples, List<String> tensors) {
    List<Map<String, float[]>> values = new ArrayList<>();
    try (Session session = Sessions.open(file, new InferenceOptions(level, threads))) {
      Runner runner = session.comparing(tensors);
      for (Sample sample : samples) {
        BatchOutputs outputs = BatchOutputs.of(runner, List.of(sample));
        Map<String, float[]> own = new HashMap<>();
        tensors.forEach(tensor -> own.put(tensor, outputs.sample(tensor, 0).numbers()));
        values.add(own);
      }
    } catch (InferenceException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
    return new Outcome("ONNX Runtime", values, Optional.empty());
  }
}
