/**
 * The quantization engine: plain Java, without Spark, Hadoop and logging. A model is read by {@code
 * onnx} and run by {@code infer}. The reading path enters at {@link
 * dev.tare.engine.observe.Observer}, which counts values; the next rooms are {@code histogram},
 * {@code range}, which selects ranges, {@code quant}, which computes integers, and {@code
 * onnx.write}, which writes them into a model.
 */
package dev.tare.engine;
