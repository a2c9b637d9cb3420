package dev.tare.engine.plan;

import dev.tare.engine.quant.Codebook;
import dev.tare.engine.quant.Limits;
import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.range.Range;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.RandomAccess;

/**
 * What was decided for each scale of a tensor, in columns: immutable, and equal by content.
 *
 * <p>Memory: 32 bytes for each scale of a tensor with channels. Of a tensor in blocks all scales
 * have the errors of the whole tensor and the range that the integers represent, so 8 bytes a scale
 * are kept. A {@link ChannelPlan} is made when it is asked for.
 */
public final class ScaleColumns implements Iterable<ChannelPlan> {

  private static final ScaleColumns NONE = new Builder(QuantType.INT8, 0).build();

  private final QuantType type;
  private final Limits limits;
  private final float[] low;
  private final float[] high;
  private final float[] scale;
  private final int[] zeroPoint;
  private final double[] clippedShare;
  private final double[] expectedSqnrDb;

  /** One for each scale of a learned type; empty for others. */
  private final List<Codebook> codebooks;

  /** Of the whole tensor. */
  private final Optional<UnclippedRange> unclipped;

  private ScaleColumns(
      QuantType type,
      Limits limits,
      float[] low,
      float[] high,
      float[] scale,
      int[] zeroPoint,
      double[] clippedShare,
      double[] expectedSqnrDb,
      List<Codebook> codebooks,
      Optional<UnclippedRange> unclipped) {
    this.type = type;
    this.limits = limits;
    this.low = low;
    this.high = high;
    this.scale = scale;
    this.zeroPoint = zeroPoint;
    this.clippedShare = clippedShare;
    this.expectedSqnrDb = expectedSqnrDb;
    this.codebooks = codebooks;
    this.unclipped = unclipped;
  }

  /** Of a tensor without a scale. */
  public static ScaleColumns none() {
    return NONE;
  }

  /** Of a tensor with a single scale. */
  public static ScaleColumns of(ChannelPlan only) {
    return new Builder(only.params().type(), 1).add(only).build();
  }

  /**
   * Of a tensor with a few scales, or none.
   *
   * @throws IllegalArgumentException if their types differ
   */
  public static ScaleColumns of(List<ChannelPlan> channels) {
    if (channels.isEmpty()) {
      return none();
    }
    Builder builder = new Builder(channels.get(0).params().type(), channels.size());
    channels.forEach(builder::add);
    return builder.build();
  }

  /**
   * Of a tensor in blocks.
   *
   * @param limits integers that are used: a block's range is what they represent
   * @param scale one for each block
   * @param zeroPoint one for each block
   * @param clippedShare of the whole tensor
   * @param expectedSqnrDb of the whole tensor
   * @throws IllegalArgumentException if a scale or a zero point is invalid, or the lengths differ
   */
  public static ScaleColumns ofBlocks(
      QuantType type,
      Limits limits,
      float[] scale,
      int[] zeroPoint,
      double clippedShare,
      double expectedSqnrDb) {
    if (scale.length != zeroPoint.length) {
      throw new IllegalArgumentException(
          "Invalid blocks: %d scales and %d zero points".formatted(scale.length, zeroPoint.length));
    }
    ScaleColumns blocks =
        new ScaleColumns(
            type,
            limits,
            new float[0],
            new float[0],
            scale.clone(),
            zeroPoint.clone(),
            new double[] {clippedShare},
            new double[] {expectedSqnrDb},
            List.of(),
            Optional.empty());
    for (int i = 0; i < scale.length; i++) {
      // Refuses what no parameter may be, and an infinite range.
      blocks.params(i);
      blocks.range(i);
    }
    return blocks;
  }

  public int size() {
    return scale.length;
  }

  public boolean isEmpty() {
    return scale.length == 0;
  }

  /** Lowest end of the range of a scale. */
  public float low(int index) {
    return ofBlocks() ? represented(limits.qmin(), zeroPoint[index], scale[index]) : low[index];
  }

  /** Highest end of the range of a scale. */
  public float high(int index) {
    return ofBlocks() ? represented(limits.qmax(), zeroPoint[index], scale[index]) : high[index];
  }

  public float scale(int index) {
    return scale[index];
  }

  public int zeroPoint(int index) {
    return zeroPoint[index];
  }

  /** See {@link ChannelPlan}. */
  public double clippedShare(int index) {
    return clippedShare[clippedShare.length == 1 ? 0 : index];
  }

  /** See {@link ChannelPlan}. */
  public double expectedSqnrDb(int index) {
    return expectedSqnrDb[expectedSqnrDb.length == 1 ? 0 : index];
  }

  private boolean ofBlocks() {
    return low.length < scale.length;
  }

  /** The real number of a code; the numbers of the two limits are the range of a block. */
  static float represented(int code, int zeroPoint, float scale) {
    return (code - zeroPoint) * scale;
  }

  public Range range(int index) {
    return new Range(low(index), high(index));
  }

  public QuantParams params(int index) {
    QuantParams params = new QuantParams(type, scale[index], zeroPoint[index]);
    return codebooks.isEmpty() ? params : params.with(codebooks.get(index));
  }

  /** The entry of one scale, made anew. */
  public ChannelPlan get(int index) {
    return new ChannelPlan(range(index), params(index), clippedShare(index), expectedSqnrDb(index));
  }

  /**
   * The same with wider scales where they are below a floor; ranges and errors stay.
   *
   * @param floors one for each scale
   * @throws IllegalArgumentException if a floor is infinite
   */
  ScaleColumns atLeast(float[] floors) {
    float[] wider = scale.clone();
    for (int i = 0; i < wider.length; i++) {
      if (wider[i] < floors[i]) {
        wider[i] = new QuantParams(type, floors[i], zeroPoint[i]).scale();
      }
    }
    return new ScaleColumns(
        type,
        limits,
        low,
        high,
        wider,
        zeroPoint,
        clippedShare,
        expectedSqnrDb,
        codebooks,
        unclipped);
  }

  /** What the range of all values would have been; empty where it was chosen, or is not known. */
  public Optional<UnclippedRange> unclipped() {
    return unclipped;
  }

  /**
   * The same beside the range of all values.
   *
   * @throws IllegalArgumentException if there is no scale
   */
  public ScaleColumns with(UnclippedRange all) {
    if (isEmpty()) {
      throw new IllegalArgumentException("Invalid scales: a range of all values, and no scale");
    }
    return new ScaleColumns(
        type,
        limits,
        low,
        high,
        scale,
        zeroPoint,
        clippedShare,
        expectedSqnrDb,
        codebooks,
        Optional.of(all));
  }

  /**
   * The same for values that are multiplied by positive factors; errors stay what they were, and
   * the range of all values, which was that of other values, is not known any more.
   *
   * @param factors one for each scale
   * @throws IllegalArgumentException if a scale overflows
   */
  ScaleColumns times(float[] factors) {
    float[] changed = scale.clone();
    for (int i = 0; i < changed.length; i++) {
      changed[i] = new QuantParams(type, changed[i] * factors[i], zeroPoint[i]).scale();
    }
    return new ScaleColumns(
        type,
        limits,
        times(low, factors),
        times(high, factors),
        changed,
        zeroPoint,
        clippedShare,
        expectedSqnrDb,
        codebooks,
        Optional.empty());
  }

  /** Of blocks there are no such columns. */
  private static float[] times(float[] column, float[] factors) {
    float[] changed = column.clone();
    for (int i = 0; i < changed.length; i++) {
      changed[i] *= factors[i];
    }
    return changed;
  }

  /** The tables of a learned type, one for each scale; empty for other types. */
  public List<Codebook> codebooks() {
    return codebooks;
  }

  /**
   * The same with tables.
   *
   * @throws IllegalArgumentException if they are not one for each scale, of the type's size
   */
  ScaleColumns with(List<Codebook> tables) {
    if (tables.size() != size()) {
      throw new IllegalArgumentException(
          "Invalid scales: %d tables for %d of them".formatted(tables.size(), size()));
    }
    ScaleColumns found =
        new ScaleColumns(
            type,
            limits,
            low,
            high,
            scale,
            zeroPoint,
            clippedShare,
            expectedSqnrDb,
            List.copyOf(tables),
            unclipped);
    // Refuses tables of another size.
    found.params().forEach(QuantParams::codebook);
    return found;
  }

  /** A view: each parameter is made when it is asked for. */
  public List<QuantParams> params() {
    return new Params(this);
  }

  /** A copy of the column. */
  public float[] scales() {
    return scale.clone();
  }

  /** A copy of the column. */
  public int[] zeroPoints() {
    return zeroPoint.clone();
  }

  /** Whether all zero points have this value; true if there is no scale. */
  public boolean haveZeroPoint(int expected) {
    for (int each : zeroPoint) {
      if (each != expected) {
        return false;
      }
    }
    return true;
  }

  @Override
  public Iterator<ChannelPlan> iterator() {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < size();
      }

      @Override
      public ChannelPlan next() {
        if (next == size()) {
          throw new NoSuchElementException();
        }
        return get(next++);
      }
    };
  }

  @Override
  public boolean equals(Object other) {
    if (!(other instanceof ScaleColumns that)
        || (type != that.type && !isEmpty())
        || !Arrays.equals(scale, that.scale)
        || !codebooks.equals(that.codebooks)
        || !unclipped.equals(that.unclipped)
        || !Arrays.equals(zeroPoint, that.zeroPoint)) {
      return false;
    }
    for (int i = 0; i < size(); i++) {
      if (Float.compare(low(i), that.low(i)) != 0
          || Float.compare(high(i), that.high(i)) != 0
          || Double.compare(clippedShare(i), that.clippedShare(i)) != 0
          || Double.compare(expectedSqnrDb(i), that.expectedSqnrDb(i)) != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(scale) + Arrays.hashCode(zeroPoint);
  }

  @Override
  public String toString() {
    return isEmpty() ? "no scales" : size() + " scales from " + get(0);
  }

  private static final class Params extends AbstractList<QuantParams> implements RandomAccess {
    private final ScaleColumns columns;

    Params(ScaleColumns columns) {
      this.columns = columns;
    }

    @Override
    public QuantParams get(int index) {
      return columns.params(index);
    }

    @Override
    public int size() {
      return columns.size();
    }
  }

  /** Collects the entries of one tensor in their order. Not thread-safe. */
  public static final class Builder {
    private final QuantType type;
    private float[] low;
    private float[] high;
    private float[] scale;
    private int[] zeroPoint;
    private double[] clippedShare;
    private double[] expectedSqnrDb;
    private final List<Codebook> codebooks = new ArrayList<>();
    private int size;

    /**
     * @param expected how many entries to make room for; more may come
     */
    public Builder(QuantType type, int expected) {
      this.type = type;
      this.low = new float[expected];
      this.high = new float[expected];
      this.scale = new float[expected];
      this.zeroPoint = new int[expected];
      this.clippedShare = new double[expected];
      this.expectedSqnrDb = new double[expected];
    }

    /**
     * Adds an entry after the others.
     *
     * @throws IllegalArgumentException if it is of another type
     */
    public Builder add(ChannelPlan entry) {
      if (entry.params().type() != type) {
        throw new IllegalArgumentException(
            "Invalid scales: %s among %s".formatted(entry.params().type(), type));
      }
      if (size == scale.length) {
        grow();
      }
      low[size] = entry.range().low();
      high[size] = entry.range().high();
      scale[size] = entry.params().scale();
      zeroPoint[size] = entry.params().zeroPoint();
      clippedShare[size] = entry.clippedShare();
      expectedSqnrDb[size] = entry.expectedSqnrDb();
      entry.params().codebook().ifPresent(codebooks::add);
      size++;
      return this;
    }

    public int size() {
      return size;
    }

    private void grow() {
      int room = (int) Math.min(Integer.MAX_VALUE - 8, Math.max(16, size * 2L));
      low = Arrays.copyOf(low, room);
      high = Arrays.copyOf(high, room);
      scale = Arrays.copyOf(scale, room);
      zeroPoint = Arrays.copyOf(zeroPoint, room);
      clippedShare = Arrays.copyOf(clippedShare, room);
      expectedSqnrDb = Arrays.copyOf(expectedSqnrDb, room);
    }

    /** The entries added so far; the builder can still be used. */
    public ScaleColumns build() {
      return new ScaleColumns(
          type,
          Limits.of(type),
          Arrays.copyOf(low, size),
          Arrays.copyOf(high, size),
          Arrays.copyOf(scale, size),
          Arrays.copyOf(zeroPoint, size),
          Arrays.copyOf(clippedShare, size),
          Arrays.copyOf(expectedSqnrDb, size),
          List.copyOf(codebooks),
          Optional.empty());
    }

    /** What was added as the blocks of a tensor: only scales and zero points are kept of each. */
    ScaleColumns buildBlocks(Limits limits, double share, double sqnrDb) {
      return ofBlocks(
          type, limits, Arrays.copyOf(scale, size), Arrays.copyOf(zeroPoint, size), share, sqnrDb);
    }
  }
}
