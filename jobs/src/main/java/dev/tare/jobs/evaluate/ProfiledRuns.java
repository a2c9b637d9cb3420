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
import java.util.stream.IntStream;

/**
 * Times the operators of two models by their runtime's profiler.
 *
 * @param outputs of both that are read
 * @param batches the samples of runs, in turn; at least one
 */
record ProfiledRuns(List<String> outputs, List<List<Sample>> batches) {

  private static final int RUNS = 12;

  /**
   * Runs each model a dozen times, or once on each batch where there are more: medians are of the
   * same batches as those of the whole models.
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
      turns().forEach(batch -> side.run(runner, batch));
    };
  }

  /** The batch of each run. */
  List<List<Sample>> turns() {
    return IntStream.range(0, Math.max(RUNS, batches.size()))
        .mapToObj(run -> batches.get(run % batches.size()))
        .toList();
  }
}
