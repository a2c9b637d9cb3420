package dev.tare.engine.onnx;

import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.AttributeProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the windows of a Conv or ConvTranspose stand, by the node's attributes. What has one axis
 * is taken as two, the first of size 1.
 *
 * @param spatial one axis or two
 * @param groups of channels
 */
public record Windows(List<Axis> spatial, int groups) {

  /**
   * One axis: position {@code o} of the small side and tap {@code t} of the kernel meet position
   * {@code o * stride + t * dilation - pad} of the large side. A Conv goes from large to small, a
   * ConvTranspose back.
   */
  record Axis(int large, int small, int kernel, int stride, int dilation, int pad) {

    static final Axis NONE = new Axis(1, 1, 1, 1, 1, 0);

    int meets(int o, int tap) {
      return o * stride + tap * dilation - pad;
    }

    /** The first position of the small side whose tap lies inside the large one. */
    int first(int tap) {
      return Math.max(0, -Math.floorDiv(tap * dilation - pad, stride));
    }

    /** The position behind the last such. */
    int end(int tap) {
      return Math.min(small, -Math.floorDiv(tap * dilation - pad - large, stride));
    }
  }

  public Windows {
    spatial = List.copyOf(spatial);
    if (spatial.isEmpty() || spatial.size() > 2) {
      throw new IllegalArgumentException("Not simulated: " + spatial.size() + " axes");
    }
  }

  Axis rows() {
    return spatial.size() == 2 ? spatial.get(0) : Axis.NONE;
  }

  Axis columns() {
    return spatial.get(spatial.size() - 1);
  }

  Shape largeShape(int batch, int channels) {
    return spatial.size() == 2
        ? Shape.of(batch, channels, rows().large(), columns().large())
        : Shape.of(batch, channels, columns().large());
  }

  Shape smallShape(int batch, int channels) {
    return spatial.size() == 2
        ? Shape.of(batch, channels, rows().small(), columns().small())
        : Shape.of(batch, channels, columns().small());
  }

  public static Windows of(NodeProto node, Shape x, Shape w) {
    if (Nodes.attribute(node, "output_shape").isPresent()) {
      throw new IllegalArgumentException("Not simulated: output_shape");
    }
    boolean transposed = node.getOpType().equals("ConvTranspose");
    List<Axis> axes = new ArrayList<>();
    int count = x.rank() - 2;
    for (int a = 0; a < count; a++) {
      int in = (int) x.dim(2 + a);
      int kernel = (int) w.dim(2 + a);
      int stride = at(node, "strides", a, 1);
      int dilation = at(node, "dilations", a, 1);
      int reach = (kernel - 1) * dilation + 1;
      int extra = at(node, "output_padding", a, 0);
      String auto =
          Nodes.attribute(node, "auto_pad").map(p -> p.getS().toStringUtf8()).orElse("NOTSET");
      int begin = at(node, "pads", a, 0);
      int end = at(node, "pads", count + a, 0);
      if (auto.startsWith("SAME")) {
        int total =
            transposed
                ? stride * (in - 1) + extra + reach - in * stride
                : Math.max(0, (-Math.floorDiv(-in, stride) - 1) * stride + reach - in);
        begin = auto.equals("SAME_UPPER") ? total / 2 : total - total / 2;
        end = total - begin;
      }
      axes.add(
          transposed
              ? new Axis(
                  stride * (in - 1) + extra + reach - begin - end,
                  in,
                  kernel,
                  stride,
                  dilation,
                  begin)
              : new Axis(
                  in, (in + begin + end - reach) / stride + 1, kernel, stride, dilation, begin));
    }
    return new Windows(axes, (int) Nodes.intAttribute(node, "group", 1));
  }

  private static int at(NodeProto node, String attribute, int index, int absent) {
    return Nodes.attribute(node, attribute)
        .map(AttributeProto::getIntsList)
        .map(list -> Math.toIntExact(list.get(index)))
        .orElse(absent);
  }
}
