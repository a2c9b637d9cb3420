package dev.tare.engine.infer;

import dev.tare.engine.tensor.Sample;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Checks whether a model computes the same values for a single sample and for the sample in a
 * batch.
 *
 * <p>Statistics must not depend on how samples were grouped. But ONNX Runtime may choose another
 * kernel for another batch size, and a tensor may have no batch dimension at all; it would then be
 * counted once per batch instead of once per sample.
 */
public final class BatchProbe {

  private BatchProbe() {}

  /**
   * Compares batches with batches of 1, bit for bit, on every output.
   *
   * <p>Costs two batches of each probed size per sample.
   *
   * @param samples the samples to probe with; each is batched with itself and with the others of
   *     its shape
   * @param batchSize the requested size
   * @return {@code batchSize} where all bits agree (for it and for 2), else 1
   */
  public static int largestSafe(
      Session session, List<String> outputs, List<Sample> samples, int batchSize) {
    if (batchSize <= 1) {
      return 1;
    }
    Runner runner = session.runner(outputs);
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
    Map<String, List<byte[]>> together = digests(runner, batch, batch.size());
    IdentityHashMap<Sample, Map<String, List<byte[]>>> alone = new IdentityHashMap<>();
    for (int i = 0; i < batch.size(); i++) {
      Map<String, List<byte[]>> single =
          alone.computeIfAbsent(batch.get(i), sample -> digests(runner, List.of(sample), 1));
      for (Map.Entry<String, List<byte[]>> output : single.entrySet()) {
        List<byte[]> all = together.get(output.getKey());
        if (all.isEmpty() || !Arrays.equals(all.get(i), output.getValue().get(0))) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * SHA-256 of each sample's equal part of every output, which may be larger than the heap; empty
   * if the output cannot be divided equally.
   */
  private static Map<String, List<byte[]>> digests(Runner runner, List<Sample> batch, int parts) {
    Map<String, List<byte[]>> digests = new HashMap<>();
    runner.run(
        batch,
        (tensor, floats, shape) -> {
          List<byte[]> own = new ArrayList<>();
          int bytes = floats.remaining() / parts;
          for (int i = 0; i < parts && bytes * parts == floats.remaining(); i++) {
            own.add(digest(floats.slice(floats.position() + i * bytes, bytes)));
          }
          digests.put(tensor, own);
        });
    return digests;
  }

  private static byte[] digest(ByteBuffer bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes);
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }
}
