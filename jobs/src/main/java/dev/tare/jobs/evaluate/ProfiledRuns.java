package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.InferenceOptions;
import dev.tare.engine.infer.OperatorTime;
import dev.tare.engine.infer.Runner;
import dev.tare.engine.infer.Session;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.artifact.OperatorTimes;
import dev.tare.jobs.model.Sessions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Times the operators of two models by their runtime's profiler.
 *
 * @param outputs of both that are read
 * @param batch the samples of each run
 */
record ProfiledRuns(List<String> outputs, List<Sample> batch) {

  private static final int RUNS = 12;

  /**
   * Runs each model a dozen times.
   *
   * @return the operators that have the same name in both and another kernel, as integer kernels
   *     have; a runtime that joins an operator with others, under a name of its own, tells no time
   */
  OperatorTimes of(ModelFile model, ModelFile quantized, InferenceOptions options) {
    Map<String, OperatorTime> before = new HashMap<>();
    for (OperatorTime time : Sessions.profile(model, options, runs(Side.FLOAT))) {
      before.put(time.node(), time);
    }
    SortedMap<String, OperatorTimes.Pair> pairs = new TreeMap<>();
    for (OperatorTime after : Sessions.profile(quantized, options, runs(Side.QUANTIZED))) {
      OperatorTime own = before.get(after.node());
      if (own != null && !own.kernel().equals(after.kernel())) {
        pairs.put(after.node(), new OperatorTimes.Pair(own.millis(), after.millis()));
      }
    }
    return new OperatorTimes(pairs);
  }

  private Consumer<Session> runs(Side side) {
    return session -> {
      Runner runner = session.comparing(outputs);
      for (int i = 0; i < RUNS; i++) {
        side.run(runner, batch);
      }
    };
  }
}
