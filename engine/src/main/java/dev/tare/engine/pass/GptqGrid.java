package dev.tare.engine.pass;

import dev.tare.engine.quant.Codebook;
import dev.tare.engine.quant.Granularity;
import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.tensor.Shape;
import java.nio.FloatBuffer;

/**
 * Where the numbers of a weight are, and the integers or numbers of a table that each may become.
 * Not thread-safe; of one call of {@link Gptq}.
 */
final class GptqGrid {

  private final FloatBuffer values;
  private final int columns;
  private final int channelStride;
  private final int columnStride;
  private final int[] channelParams;
  private final int[] columnParams;
  private final double[] scales;
  private final float[] steps;
  private final int[] zeroPoints;

  /** Of parameters whose codes are no integers; null for others. */
  private final Codebook[] tables;

  private final Limits limits;

  /** Without parameters, which {@link #set} gives it. */
  GptqGrid(FloatBuffer values, Shape shape, int inputAxis, Granularity granularity, Limits limits) {
    this.values = values;
    this.limits = limits;
    this.columns = Math.toIntExact(shape.dim(1 - inputAxis));
    this.channelStride = (int) shape.stride(inputAxis);
    this.columnStride = (int) shape.stride(1 - inputAxis);
    Shape own = granularity.paramsShape(shape);
    channelParams = indexes(shape, own, inputAxis, granularity);
    columnParams = indexes(shape, own, 1 - inputAxis, granularity);
    int count = Math.toIntExact(own.size());
    scales = new double[count];
    steps = new float[count];
    zeroPoints = new int[count];
    tables = new Codebook[count];
  }

  /** What an index on an axis adds to the place of the parameters. */
  private static int[] indexes(Shape shape, Shape own, int axis, Granularity granularity) {
    int[] indexes = new int[Math.toIntExact(shape.dim(axis))];
    boolean along = granularity.axis().isPresent() && granularity.axis().getAsInt() == axis;
    boolean blocks = granularity.blockSize().isPresent();
    if (along || blocks) {
      int size = along ? granularity.blockSize().orElse(1) : 1;
      int stride = own.rank() == 1 ? 1 : (int) own.stride(axis);
      for (int i = 0; i < indexes.length; i++) {
        indexes[i] = i / size * stride;
      }
    }
    return indexes;
  }

  /** The place of the parameters of a number. */
  int index(int channel, int column) {
    return channelParams[channel] + columnParams[column];
  }

  void set(int index, QuantParams params) {
    steps[index] = params.scale();
    scales[index] = params.scale();
    zeroPoints[index] = params.zeroPoint();
    tables[index] = table(params);
  }

  private static Codebook table(QuantParams params) {
    return params.codebook().or(() -> params.type().codebook()).orElse(null);
  }

  double[] row(int channel) {
    double[] row = new double[columns];
    for (int n = 0; n < columns; n++) {
      row[n] = values.get(channel * channelStride + n * columnStride);
    }
    return row;
  }

  /** Writes the rounded values, and leaves the errors, divided, in the row. */
  void round(double[] row, int channel, double divisor, float[] solved) {
    for (int n = 0; n < columns; n++) {
      int p = index(channel, n);
      float kept = kept(row[n], scales[p], zeroPoints[p], tables[p], limits);
      solved[channel * channelStride + n * columnStride] = kept * steps[p];
      row[n] = (row[n] - kept * scales[p]) / divisor;
    }
  }

  /** What a value becomes, over the scale: the steps from zero, or a number of the table. */
  static float kept(double value, QuantParams params, Limits limits) {
    return kept(value, params.scale(), params.zeroPoint(), table(params), limits);
  }

  private static float kept(
      double value, double scale, int zeroPoint, Codebook table, Limits limits) {
    if (table != null) {
      return table.decode(table.encode((float) (value / scale)));
    }
    double code = Math.rint(value / scale) + zeroPoint;
    return (float) (Math.max(limits.qmin(), Math.min(limits.qmax(), code)) - zeroPoint);
  }
}
