/**
 * The ONNX format as all others see it: {@link dev.tare.engine.onnx.model.OnnxFloatModel} is the
 * one class that puts the rooms of {@code onnx} behind {@link dev.tare.engine.model.FloatModel}.
 * {@code infer} comes next.
 */
package dev.tare.engine.onnx.model;
