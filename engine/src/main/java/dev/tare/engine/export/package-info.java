/**
 * Files for other tools that are not models: one class per format. Begin at {@link
 * dev.tare.engine.export.PlanExport}, which lists them for {@code tare export}; the quantize stage
 * of jobs writes TensorRT's by {@link dev.tare.engine.export.CalibrationCaches}.
 */
package dev.tare.engine.export;
