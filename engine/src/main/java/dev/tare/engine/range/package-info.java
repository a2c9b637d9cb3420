/**
 * Selection of the real-valued interval that a quantized tensor covers: one file for each method
 * behind {@link dev.tare.engine.range.RangeSelector}. It reads distributions of {@code histogram};
 * {@code recipe} chooses the method.
 */
package dev.tare.engine.range;
