package dev.tare.engine.onnx.write;

import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Products with weights of NF4 or FP4 in blocks, by ONNX Runtime's {@code com.microsoft}
 * MatMulBnb4.
 *
 * <p>A weight [K, N] is stored as the bytes of its transpose, [N, K], two codes a byte, the first
 * in the high half, and a largest magnitude for each block of neighbours there. The operator would
 * let a block continue in the next column; here K is a whole number of blocks. Not thread-safe.
 *
 * @see <a
 *     href="https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md">ContribOperators.md,
 *     com.microsoft.MatMulBnb4</a>
 */
final class TableProducts {

  private static final int FP4 = 0;
  private static final int NF4 = 1;

  private final PlannedGraph graph;

  TableProducts(PlannedGraph graph) {
    this.graph = graph;
  }

  /** Replaces every consumer of a weight. */
  void weight(TensorPlan plan, Shape shape, ByteBuffer codes) {
    int block = plan.granularity().blockSize().orElse(0);
    PlannedGraph.require(
        shape.rank() == 2
            && plan.type().codebook().isPresent()
            && block > 0
            && plan.axis().orElse(-1) == 0
            && shape.dim(0) % block == 0,
        plan,
        "MatMulBnb4 requires a matrix of NF4 or FP4 in whole blocks along axis 0");
    int k = (int) shape.dim(0);
    int n = (int) shape.dim(1);
    byte[] packed = transposed(codes, k, n);
    String weight =
        graph.add(
            TensorCodec.encode(
                graph.names().fresh(plan.tensor() + "_packed"),
                DType.UINT8,
                List.of((long) packed.length),
                ByteBuffer.wrap(packed)));
    String largest = BlockProducts.addScales(graph, plan, k / block, n);
    BlockProducts.replace(
        graph,
        plan,
        "MatMulBnb4",
        List.of(weight, largest),
        List.of(
            Nodes.intAttribute("K", k),
            Nodes.intAttribute("N", n),
            Nodes.intAttribute("block_size", block),
            Nodes.intAttribute("quant_type", plan.type() == QuantType.NF4 ? NF4 : FP4)));
  }

  /** Codes of [K, N], the first of a byte in its low half, as those of [N, K], in its high half. */
  private static byte[] transposed(ByteBuffer codes, int k, int n) {
    int base = codes.position();
    byte[] packed = new byte[(int) (((long) k * n + 1) / 2)];
    for (int row = 0; row < k; row++) {
      for (int column = 0; column < n; column++) {
        int from = row * n + column;
        int code = codes.get(base + from / 2) >>> (4 * (from % 2)) & 0xf;
        int to = column * k + row;
        packed[to / 2] |= (byte) (code << (to % 2 == 0 ? 4 : 0));
      }
    }
    return packed;
  }
}
