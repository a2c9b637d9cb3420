/**
 * What quantized models are for: {@link dev.tare.engine.target.TargetProfile} states what a runtime
 * supports and which tensors it quantizes, {@link dev.tare.engine.target.Targets} lists them, and
 * {@link dev.tare.engine.target.OnnxRuntimeTarget} is the first. Nothing outside names a runtime's
 * limits. The next room is {@code plan}, which consults them.
 */
package dev.tare.engine.target;
