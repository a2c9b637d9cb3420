/**
 * Selection of the real-valued interval that a quantized tensor covers: {@link
 * dev.tare.engine.range.RangeSelector} is the interface, with one file per method. It reads
 * distributions of {@code histogram}; {@code recipe} chooses the method. The next room is {@code
 * quant}, which turns a range into scale and zero point.
 */
package dev.tare.engine.range;
