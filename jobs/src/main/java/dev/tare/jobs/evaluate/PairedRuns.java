package dev.tare.jobs.evaluate;

import dev.tare.engine.infer.Runner;
import dev.tare.engine.tensor.Sample;
import dev.tare.jobs.artifact.Latency;
import java.time.Duration;
import java.util.List;

/**
 * Times two models on the same batches, in turns, until the interval of the ratio is narrow, at
 * least {@value #FEWEST_PAIRS} times.
 *
 * @param batches at least one
 * @param threads of each session, for the record
 * @param mostPairs after which it ends undecided
 * @param longest time after which it ends undecided
 */
record PairedRuns(List<List<Sample>> batches, int threads, int mostPairs, Duration longest) {

  private static final int WARM_UP = 3;

  static final int FEWEST_PAIRS = 20;

  Latency latency(Runner reference, Runner other) {
    for (int i = 0; i < WARM_UP; i++) {
      nanos(Side.FLOAT, reference, batches.get(i % batches.size()));
      nanos(Side.QUANTIZED, other, batches.get(i % batches.size()));
    }
    PairedTimes times = new PairedTimes();
    long start = System.nanoTime();
    Latency latency;
    do {
      List<Sample> batch = batches.get(times.size() % batches.size());
      // Each goes first in turn: what follows finds warmer caches.
      if (times.size() % 2 == 0) {
        long first = nanos(Side.FLOAT, reference, batch);
        times.add(first, nanos(Side.QUANTIZED, other, batch));
      } else {
        long second = nanos(Side.QUANTIZED, other, batch);
        times.add(nanos(Side.FLOAT, reference, batch), second);
      }
      latency = times.latency("ONNX Runtime", batches.get(0), threads);
    } while (times.size() < FEWEST_PAIRS
        || (!latency.decided()
            && times.size() < mostPairs
            && System.nanoTime() - start < longest.toNanos()));
    return latency;
  }

  private static long nanos(Side side, Runner runner, List<Sample> batch) {
    long start = System.nanoTime();
    side.run(runner, batch);
    return System.nanoTime() - start;
  }
}
