/**
 * Rewrites that compute the same with less: {@link dev.tare.engine.onnx.prepare.GraphPreparation}
 * makes the model that plans speak of. {@code write} applies a plan to it.
 */
package dev.tare.engine.onnx.prepare;
