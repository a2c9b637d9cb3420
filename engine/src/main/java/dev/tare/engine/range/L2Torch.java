package dev.tare.engine.range;

import dev.tare.engine.histogram.Distribution;
import dev.tare.engine.quant.QuantType;

/**
 * PyTorch's search for the least squared error ({@code _non_linear_param_search} of
 * HistogramObserver, torch/ao/quantization/observer.py, after Caffe2's norm minimization).
 *
 * <p>Given a histogram of touching bins of one width it selects PyTorch's range to the bit, unless
 * the errors of two steps differ only by the order of a float32 sum: PyTorch's depends on the
 * processor's vector length, this one is in float64. Any other distribution is first counted on our
 * uniform grid, from the lowest cell seen to the highest.
 *
 * <p>Starting with the whole histogram, the end that loses more bins to the next 1e-5 of the values
 * moves inwards, until a move has a larger error than the one before. Reproduced peculiarities that
 * {@link Mse} does not have:
 *
 * <ul>
 *   <li>The first move is always made: the error of the full range is ignored.
 *   <li>The first worse move ends the search, whatever follows, so few values in many bins keep
 *       nearly the full range.
 *   <li>Values beyond the ends are charged their distance from the middle of the outermost level.
 *   <li>The levels are all integers of the type, without zero among them, and spread over both ends
 *       as if asymmetric; a symmetric target then uses the larger magnitude.
 * </ul>
 *
 * <p>The width of a bin is first scaled to [1, 2) by a power of two. That changes no bit where
 * PyTorch's cubes of float32 distances neither overflow nor vanish, as they do for values around
 * 1e-13 or 1e13.
 *
 * <p>Cost: moves, up to the number of bins, times filled bins.
 */
public record L2Torch() implements RangeSelector {

  private static final double STEP = 1e-5;

  @Override
  public Range select(Distribution distribution, Target target) {
    Range full = MinMax.full(distribution);
    if (MinMax.settles(full)) {
      return full;
    }
    MinMax.requireHistogram(distribution, name());
    if (UniformGrid.isExact(distribution)) {
      return full;
    }
    Search search = new Search(PeerHistogram.ofSeen(distribution, name()), levels(target.type()));
    search.run();
    return MinMax.inside(full, Math.min(0, search.low()), Math.max(0, search.high()));
  }

  private static double levels(QuantType type) {
    return (double) type.qmax() - type.qmin() + 1;
  }

  @Override
  public boolean needsBins() {
    return true;
  }

  @Override
  public String name() {
    return "l2-torch";
  }

  /** One search over one histogram; confined to a call. */
  private static final class Search {

    private final double levels;
    private final int bins;
    private final float min;
    private final float width;
    private final double scaledWidth;
    private final float[] cumulative;
    private final double total;
    private final int[] filled;
    private final float[] density;
    private final int filledBins;
    private int start;
    private int end;

    Search(PeerHistogram histogram, double levels) {
      this.levels = levels;
      this.bins = histogram.bins();
      this.min = histogram.edge(0);
      float max = histogram.edge(bins);
      double exact = ((double) max - min) / bins;
      this.width = Float.isInfinite(max - min) ? (float) exact : (max - min) / bins;
      this.scaledWidth = Math.scalb(exact, -Math.getExponent(exact));
      this.cumulative = new float[bins];
      this.filled = new int[bins];
      this.density = new float[bins];
      double sum = 0;
      int size = 0;
      for (int i = 0; i < bins; i++) {
        sum += histogram.count(i);
        cumulative[i] = (float) sum;
        if (histogram.count(i) > 0) {
          filled[size] = i;
          density[size++] = (float) histogram.count(i) / (float) scaledWidth;
        }
      }
      this.total = (float) sum;
      this.end = bins - 1;
      this.filledBins = size;
    }

    float low() {
      return min + width * start;
    }

    float high() {
      return min + width * (end + 1);
    }

    void run() {
      double alpha = 0;
      double beta = 1;
      double least = Double.POSITIVE_INFINITY;
      while (alpha < beta) {
        int left = leftAt((float) ((alpha + STEP) * total));
        int right = rightAt((float) ((beta - STEP) * total));
        int nextStart = start;
        int nextEnd = end;
        if (left - start > end - right) {
          nextStart = left;
          alpha += STEP;
        } else {
          nextEnd = right;
          beta -= STEP;
        }
        if (nextStart == start && nextEnd == end) {
          continue;
        }
        double error = error(nextStart, nextEnd);
        if (error > least) {
          return;
        }
        least = error;
        start = nextStart;
        end = nextEnd;
      }
    }

    private int leftAt(float count) {
      int left = start;
      while (left < end && cumulative[left] < count) {
        left++;
      }
      return left;
    }

    private int rightAt(float count) {
      int right = end;
      while (right > start && cumulative[right] > count) {
        right--;
      }
      return right;
    }

    /** {@code _compute_quantization_error}: float32 as in PyTorch except for the sum over bins. */
    private double error(int from, int to) {
      double exactStep = scaledWidth * (to - from + 1) / levels;
      float step = (float) exactStep;
      float half = (float) (exactStep / 2);
      float bin = (float) scaledWidth;
      float halfCube = half * half * half;
      float whole = (halfCube - -half * -half * -half) / 3;
      float last = (float) (levels - 1);
      double sum = 0;
      for (int i = 0; i < filledBins; i++) {
        float begin = (filled[i] - from) * bin;
        float finish = begin + bin;
        float first = level(begin, step, last);
        float second = level(finish, step, last);
        float head = begin - (first + 0.5f) * step;
        float tail = finish - (second * step + half);
        float error = density[i] * ((halfCube - head * head * head) / 3);
        error += (second - first - 1) * (density[i] * whole);
        error += density[i] * ((tail * tail * tail - -half * -half * -half) / 3);
        sum += error;
      }
      return sum;
    }

    /** A quotient of floats is never so close to a whole number that float64 would round to it. */
    private static float level(float distance, float step, float last) {
      double level = Math.floor((double) distance / step);
      return (float) Math.max(0, Math.min(last, level));
    }
  }
}
