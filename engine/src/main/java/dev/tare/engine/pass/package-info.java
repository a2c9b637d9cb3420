/**
 * Changes of weights and graph that follow from statistics: {@link dev.tare.engine.pass.Pass} is
 * the contract; there is no implementation yet. A pass is exact in float, deterministic to the bit,
 * and leaves a record in the plan. The next room is {@code onnx}, which will write its result into
 * a model.
 */
package dev.tare.engine.pass;
