package dev.tare.engine.plan;

import dev.tare.engine.quant.QuantParams;
import dev.tare.engine.quant.ScaleRule;
import dev.tare.engine.range.Range;
import dev.tare.engine.range.Target;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Scales of one tensor that another tool has found, such as training that learns them: a plan takes
 * them as they are.
 *
 * @param scale one, or one for each channel or block, positive and finite
 * @param zeroPoint as many
 */
public record FoundScales(List<Float> scale, List<Integer> zeroPoint) implements Serializable {

  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException if there is none, or their lengths differ
   */
  public FoundScales {
    scale = List.copyOf(scale);
    zeroPoint = List.copyOf(zeroPoint);
    if (scale.isEmpty() || scale.size() != zeroPoint.size()) {
      throw new IllegalArgumentException(
          "%d scales and %d zero points".formatted(scale.size(), zeroPoint.size()));
    }
  }

  /**
   * The scales for a type of integers.
   *
   * @param tensor for messages
   * @throws IllegalArgumentException naming the tensor, if there is another number of them, one is
   *     no scale or no power of two where the target needs one, or a zero point is not that of a
   *     symmetric target
   */
  List<QuantParams> params(String tensor, Target target, int count) {
    if (scale.size() != count) {
      throw new IllegalArgumentException(
          "Tensor '%s' needs %d scales, but %d are given".formatted(tensor, count, scale.size()));
    }
    int middle = target.params(new Range(0, 1)).zeroPoint();
    List<QuantParams> params = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      if (target.symmetric() && zeroPoint.get(i) != middle) {
        throw new IllegalArgumentException(
            "Tensor '%s' is quantized symmetrically, so its zero point at %d must be %d, not %d"
                .formatted(tensor, i, middle, zeroPoint.get(i)));
      }
      if (target.powerOfTwo() && ScaleRule.powerOfTwo(scale.get(i)) != scale.get(i)) {
        throw new IllegalArgumentException(
            "Tensor '%s' has scales that are powers of two by the recipe, but %s is given at %d"
                .formatted(tensor, scale.get(i), i));
      }
      try {
        QuantParams each = new QuantParams(target.type(), scale.get(i), zeroPoint.get(i));
        range(each, target);
        params.add(each);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "Tensor '%s', scale at %d: %s".formatted(tensor, i, e.getMessage()), e);
      }
    }
    return params;
  }

  /** The interval that has these parameters by a target's rule, up to rounding. */
  static Range range(QuantParams params, Target target) {
    if (target.symmetric()) {
      float most = (float) ((target.limits().levels() - 1) / 2.0 * params.scale());
      return new Range(-most, most);
    }
    return new Range(
        ScaleColumns.represented(target.limits().qmin(), params.zeroPoint(), params.scale()),
        ScaleColumns.represented(target.limits().qmax(), params.zeroPoint(), params.scale()));
  }
}
