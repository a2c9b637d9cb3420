/**
 * What quantized models are for: {@link dev.tare.engine.target.TargetProfile} answers every
 * question about what a runtime can hold and where it quantizes, and {@link
 * dev.tare.engine.target.OnnxRuntimeTarget} is the first. Nothing outside names a runtime's limits;
 * {@code plan} asks.
 */
package dev.tare.engine.target;
