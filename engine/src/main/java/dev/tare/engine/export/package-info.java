/**
 * Files for other runtimes that are not models: one class per format; {@link
 * dev.tare.engine.export.TensorRtCache} is the only one so far. The entry point is {@link
 * dev.tare.engine.export.CalibrationCaches}, which the quantize stage of jobs calls with a finished
 * plan.
 */
package dev.tare.engine.export;
