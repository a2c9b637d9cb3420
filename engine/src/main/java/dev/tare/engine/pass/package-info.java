/**
 * Changes of weights and graph that follow from statistics: {@link dev.tare.engine.pass.Pass} is
 * the contract, and there is no pass yet. {@code onnx} will write what a pass gives; a pass is
 * exact in float, deterministic to the bit, and leaves a record in the plan.
 */
package dev.tare.engine.pass;
