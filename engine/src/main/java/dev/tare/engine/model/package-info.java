/**
 * What a model is in any format: its inputs and outputs, the files that a runtime opens, and why
 * one is refused. {@code onnx} is the first format; {@code infer} runs what lies in the files.
 */
package dev.tare.engine.model;
