package dev.tare.engine.plan;

import dev.tare.engine.graph.QuantizableNode;

/**
 * A product whose rounding noise meets an operator that makes it large where values are small.
 *
 * @param product whose input would be quantized
 * @param node the operator: a logarithm, a division, a root or another power
 * @param what what it is, for messages
 * @param tensor what it reads
 * @param exponent of that power, below 1; 0 for a logarithm
 * @param power how what it reads grows with results of the product: 2 where they are squared
 * @param direct whether the graph alone suspects the product; false where another product is behind
 *     it on the way
 */
record NoiseMeeting(
    QuantizableNode product,
    String node,
    String what,
    String tensor,
    double exponent,
    double power,
    boolean direct) {

  /**
   * Whether small values are suspected without statistics: a root makes less of them than a
   * logarithm or a division.
   */
  boolean suspected() {
    return direct && exponent <= 0;
  }

  String reason() {
    return "its rounding noise would meet the %s of node '%s', where small results count as much as large ones"
        .formatted(what, node);
  }

  boolean division() {
    return exponent != 0;
  }
}
