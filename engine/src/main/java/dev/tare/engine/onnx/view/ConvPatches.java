package dev.tare.engine.onnx.view;

import dev.tare.engine.observe.Patches;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Reads which patches of its input a Conv without groups multiplies. */
final class ConvPatches {

  private ConvPatches() {}

  /**
   * Reads a node.
   *
   * @param weight shape of its weight, {@code [M, C, ...]}
   * @return empty for other operators, with groups, or with attributes that contradict the weight
   */
  static Optional<Patches> of(NodeProto node, Shape weight) {
    if (!Nodes.is(node, "Conv") || Nodes.intAttribute(node, "group", 1) != 1 || weight.rank() < 3) {
      return Optional.empty();
    }
    int axes = weight.rank() - 2;
    List<Integer> kernel = new ArrayList<>();
    for (int d = 0; d < axes; d++) {
      kernel.add((int) Math.min(Integer.MAX_VALUE, weight.dim(d + 2)));
    }
    Patches.Padding padding =
        switch (Nodes.attribute(node, "auto_pad").map(a -> a.getS().toStringUtf8()).orElse("")) {
          case "SAME_UPPER" -> Patches.Padding.SAME_UPPER;
          case "SAME_LOWER" -> Patches.Padding.SAME_LOWER;
          default -> Patches.Padding.GIVEN;
        };
    List<Integer> pads =
        padding == Patches.Padding.GIVEN ? numbers(node, "pads", 2 * axes, 0) : List.of();
    try {
      return Optional.of(
          new Patches(
              kernel,
              numbers(node, "strides", axes, 1),
              numbers(node, "dilations", axes, 1),
              pads.isEmpty() ? Collections.nCopies(2 * axes, 0) : pads,
              padding));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static List<Integer> numbers(NodeProto node, String name, int size, int usual) {
    return Nodes.attribute(node, name)
        .map(found -> found.getIntsList().stream().map(Math::toIntExact).toList())
        .orElse(Collections.nCopies(size, usual));
  }
}
