package dev.tare.engine.plan;

import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A tensor of a plan as bytes with all scales, to send between two processes of one version; these
 * bytes are never stored.
 *
 * <pre>
 * int            bytes of the text
 * bytes          what {@link QuantPlanJson} says of the tensor but for scales, UTF-8
 * int            n, the number of scales
 *                of channels:         of blocks, if n is not 0:
 * float[n]       low
 * float[n]       high
 * float[n]       scale                scale
 * int[n]         zero point           zero point
 * double[n]      clipped share        a single one
 * double[n]      expected SQNR, dB    a single one
 * </pre>
 *
 * <p>Little-endian.
 */
public final class PlanCodec {

  private static final int CHANNEL_BYTES = 4 * Float.BYTES + 2 * Double.BYTES;
  private static final int BLOCK_BYTES = 2 * Float.BYTES;

  private PlanCodec() {}

  /**
   * The bytes of one tensor.
   *
   * @throws ArithmeticException if there are more bytes than an array can have
   */
  public static byte[] encode(TensorPlan plan) {
    byte[] text = QuantPlanJson.formatTensor(plan, 0).getBytes(StandardCharsets.UTF_8);
    ScaleColumns scales = plan.channels();
    int n = scales.size();
    boolean blocks = plan.granularity().blockSize().isPresent() && n > 0;
    int columns =
        blocks
            ? Math.addExact(Math.multiplyExact(n, BLOCK_BYTES), 2 * Double.BYTES)
            : Math.multiplyExact(n, CHANNEL_BYTES);
    ByteBuffer out =
        ByteBuffer.allocate(Math.addExact(2 * Integer.BYTES + text.length, columns))
            .order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(text.length).put(text).putInt(n);
    for (int i = 0; i < (blocks ? 0 : n); i++) {
      out.putFloat(scales.low(i));
    }
    for (int i = 0; i < (blocks ? 0 : n); i++) {
      out.putFloat(scales.high(i));
    }
    for (int i = 0; i < n; i++) {
      out.putFloat(scales.scale(i));
    }
    for (int i = 0; i < n; i++) {
      out.putInt(scales.zeroPoint(i));
    }
    for (int i = 0; i < (blocks ? 1 : n); i++) {
      out.putDouble(scales.clippedShare(i));
    }
    for (int i = 0; i < (blocks ? 1 : n); i++) {
      out.putDouble(scales.expectedSqnrDb(i));
    }
    return out.array();
  }

  /**
   * The tensor of such bytes.
   *
   * @throws IllegalArgumentException if they are not the plan of a tensor
   */
  public static TensorPlan decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    byte[] text = new byte[in.getInt()];
    in.get(text);
    int n = in.getInt();
    ByteBuffer columns = in.slice().order(ByteOrder.LITTLE_ENDIAN);
    return QuantPlanJson.parseTensor(
        new String(text, StandardCharsets.UTF_8),
        (target, blocks, count) ->
            blocks ? blocks(columns, target, n) : channels(columns, target.type(), n));
  }

  private static ScaleColumns channels(ByteBuffer in, QuantType type, int n) {
    ScaleColumns.Builder channels = new ScaleColumns.Builder(type, n);
    int high = n * Float.BYTES;
    int doubles = 4 * n * Float.BYTES;
    for (int i = 0; i < n; i++) {
      int at = i * Float.BYTES;
      channels.add(
          new ChannelPlan(
              new Range(in.getFloat(at), in.getFloat(high + at)),
              new QuantParams(type, in.getFloat(2 * high + at), in.getInt(3 * high + at)),
              in.getDouble(doubles + i * Double.BYTES),
              in.getDouble(doubles + (n + i) * Double.BYTES)));
    }
    return channels.build();
  }

  private static ScaleColumns blocks(ByteBuffer in, Target target, int n) {
    float[] scale = new float[n];
    int[] zeroPoint = new int[n];
    in.asFloatBuffer().get(scale);
    in.position(n * Float.BYTES)
        .slice()
        .order(ByteOrder.LITTLE_ENDIAN)
        .asIntBuffer()
        .get(zeroPoint);
    int errors = n * BLOCK_BYTES;
    return ScaleColumns.ofBlocks(
        target.type(),
        target.limits(),
        scale,
        zeroPoint,
        in.getDouble(errors),
        in.getDouble(errors + Double.BYTES));
  }
}
