/**
 * The ONNX format for the rest of Tare: {@link dev.tare.engine.onnx.model.OnnxFloatModel} is the
 * only class that connects the rooms of {@code onnx} to {@link dev.tare.engine.model.FloatModel}.
 * The next room is {@code infer}.
 */
package dev.tare.engine.onnx.model;
