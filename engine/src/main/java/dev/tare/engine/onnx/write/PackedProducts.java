package dev.tare.engine.onnx.write;

import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Products with weights of 4 or 8 bits in blocks, by ONNX Runtime's {@code com.microsoft}
 * MatMulNBits.
 *
 * <p>A weight [K, N] is stored as [N, blocks, bytes of a block], each block a run of the K values
 * of one column, low half first, the last one padded; codes are unsigned, so signed ones are
 * shifted up by half their range. Not thread-safe.
 *
 * @see <a
 *     href="https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md">ContribOperators.md,
 *     com.microsoft.MatMulNBits</a>
 */
final class PackedProducts {

  private final PlannedGraph graph;

  PackedProducts(PlannedGraph graph) {
    this.graph = graph;
  }

  /** Replaces every consumer of a weight. */
  void weight(TensorPlan plan, Shape shape, ByteBuffer codes) {
    int bits = plan.type().dtype().bits();
    PlannedGraph.require(
        shape.rank() == 2
            && bits <= 8
            && plan.granularity().blockSize().isPresent()
            && plan.axis().orElse(-1) == 0,
        plan,
        "MatMulNBits requires a matrix of 4 or 8 bits in blocks along axis 0");
    Packing packing =
        new Packing(plan, (int) shape.dim(0), (int) shape.dim(1), bits, codes.duplicate());
    String tensor = plan.tensor();
    List<Long> dims = List.of((long) packing.n, (long) packing.blocks, (long) packing.bytes());
    String weight =
        graph.add(
            TensorCodec.encode(
                graph.names().fresh(tensor + "_packed"), DType.UINT8, dims, packing.codes()));
    List<String> constants = new ArrayList<>(List.of(weight));
    constants.add(BlockProducts.addScales(graph, plan, packing.blocks, packing.n));
    if (!packing.middle()) {
      ByteBuffer packed = packing.zeroPoints();
      constants.add(
          graph.add(
              TensorCodec.encode(
                  graph.names().fresh(tensor + "_zero_point"),
                  DType.UINT8,
                  List.of((long) packed.remaining()),
                  packed)));
    }
    BlockProducts.replace(
        graph,
        plan,
        "MatMulNBits",
        constants,
        List.of(
            Nodes.intAttribute("K", packing.k),
            Nodes.intAttribute("N", packing.n),
            Nodes.intAttribute("bits", bits),
            Nodes.intAttribute("block_size", packing.block)));
  }

  /** The layout of one weight. */
  private static final class Packing {
    private final TensorPlan plan;
    private final int k;
    private final int n;
    private final int bits;
    private final int block;
    private final int blocks;
    private final int offset;
    private final ByteBuffer codes;

    Packing(TensorPlan plan, int k, int n, int bits, ByteBuffer codes) {
      this.plan = plan;
      this.k = k;
      this.n = n;
      this.bits = bits;
      this.block = plan.granularity().blockSize().orElseThrow();
      this.blocks = (k + block - 1) / block;
      this.offset = plan.type().signed() ? 1 << (bits - 1) : 0;
      this.codes = codes;
    }

    int bytes() {
      return block * bits / 8;
    }

    private int code(int row, int column) {
      int index = row * n + column;
      int base = codes.position();
      if (bits == 8) {
        return (codes.get(base + index) + offset) & 0xff;
      }
      return ((codes.get(base + index / 2) >>> (4 * (index % 2))) + offset) & 0xf;
    }

    ByteBuffer codes() {
      byte[] packed = new byte[Math.multiplyExact(Math.multiplyExact(n, blocks), bytes())];
      int perByte = 8 / bits;
      for (int column = 0; column < n; column++) {
        int start = column * blocks * bytes();
        for (int row = 0; row < k; row++) {
          packed[start + row / perByte] |= (byte) (code(row, column) << (bits * (row % perByte)));
        }
      }
      return ByteBuffer.wrap(packed);
    }

    /** Whether every zero point is the one that the operator assumes. */
    boolean middle() {
      int middle = plan.type() == QuantType.UINT4 ? 8 : plan.type() == QuantType.UINT8 ? 128 : 0;
      return plan.channels().haveZeroPoint(middle);
    }

    /** Returns zero points by column and block; the blocks of a column fill whole bytes. */
    ByteBuffer zeroPoints() {
      int perByte = 8 / bits;
      int rowBytes = (blocks + perByte - 1) / perByte;
      byte[] packed = new byte[n * rowBytes];
      int[] from = plan.zeroPoints();
      int mask = (1 << bits) - 1;
      for (int b = 0; b < blocks; b++) {
        for (int column = 0; column < n; column++) {
          int zeroPoint = (from[b * n + column] + offset) & mask;
          packed[column * rowBytes + b / perByte] |= (byte) (zeroPoint << (bits * (b % perByte)));
        }
      }
      return ByteBuffer.wrap(packed);
    }
  }
}
