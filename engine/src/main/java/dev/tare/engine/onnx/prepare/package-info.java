/**
 * Simplifications that keep what a model computes: {@link
 * dev.tare.engine.onnx.prepare.GraphPreparation} makes the prepared model, to which the names in
 * plans refer. The next room is {@code write}, which applies a plan to it.
 */
package dev.tare.engine.onnx.prepare;
