package dev.tare.engine.infer;

import dev.tare.engine.tensor.Sample;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds out whether a model computes a sample alike alone and inside a batch.
 *
 * <p>The law needs it: statistics may not depend on how samples were grouped. ONNX Runtime may take
 * another kernel for another batch size, and a tensor may lack the batch dimension altogether; then
 * it would be counted once a batch instead of once a sample.
 */
public final class BatchProbe {

  private BatchProbe() {}

  /**
   * Compares batches against batches of 1, bit for bit, on every output.
   *
   * <p>Costs two batches of each probed size per sample.
   *
   * @param samples the samples to probe with; each is batched with itself and with those of its
   *     shape
   * @param batchSize the size wished for
   * @return {@code batchSize} where all bits agree (for it and for 2), else 1
   */
  public static int largestSafe(
      Inference inference, List<String> outputs, List<Sample> samples, int batchSize) {
    if (batchSize <= 1) {
      return 1;
    }
    Runner runner = inference.runner(outputs);
    Map<String, List<Sample>> byShape = new HashMap<>();
    samples.forEach(s -> byShape.computeIfAbsent(s.shapeKey(), k -> new ArrayList<>()).add(s));
    for (List<Sample> group : byShape.values()) {
      for (int size : batchSize == 2 ? new int[] {2} : new int[] {2, batchSize}) {
        List<Sample> batch = new ArrayList<>();
        for (int i = 0; i < size; i++) {
          batch.add(group.get(i % group.size()));
        }
        if (!agrees(runner, batch)) {
          return 1;
        }
      }
    }
    return batchSize;
  }

  private static boolean agrees(Runner runner, List<Sample> batch) {
    Map<String, ByteBuffer> together = outputs(runner, batch);
    for (int i = 0; i < batch.size(); i++) {
      Map<String, ByteBuffer> alone = outputs(runner, Collections.singletonList(batch.get(i)));
      for (Map.Entry<String, ByteBuffer> output : alone.entrySet()) {
        ByteBuffer all = together.get(output.getKey());
        int bytes = output.getValue().remaining();
        if (all.remaining() != (long) bytes * batch.size()
            || !all.slice(i * bytes, bytes).equals(output.getValue())) {
          return false;
        }
      }
    }
    return true;
  }

  private static Map<String, ByteBuffer> outputs(Runner runner, List<Sample> batch) {
    Map<String, ByteBuffer> copies = new HashMap<>();
    runner.run(
        batch,
        (tensor, floats, shape) -> {
          ByteBuffer copy = ByteBuffer.allocate(floats.remaining());
          copies.put(tensor, copy.put(floats).flip());
        });
    return copies;
  }
}
