/**
 * What quantized models are for: {@link dev.tare.engine.target.TargetProfile} answers every
 * question about what a runtime can hold and where it quantizes, {@link
 * dev.tare.engine.target.Targets} lists them, and {@link dev.tare.engine.target.OnnxRuntimeTarget}
 * is the first. Nothing outside names a runtime's limits; {@code plan}, the next room, asks.
 */
package dev.tare.engine.target;
