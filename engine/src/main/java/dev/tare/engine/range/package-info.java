/** Selection of the real-valued interval that a quantized tensor covers. */
package dev.tare.engine.range;
