/**
 * The quantization engine: plain Java, free of Spark, Hadoop and logging. A model is read by {@code
 * onnx} and run by {@code infer}, which counts its values with {@code histogram}; {@code recipe}
 * plans ranges that {@code range} selects, {@code quant} computes integers, and {@code onnx} writes
 * them into a model.
 */
package dev.tare.engine;
