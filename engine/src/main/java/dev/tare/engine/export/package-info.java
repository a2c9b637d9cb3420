/**
 * Files for other runtimes that are not models: one class per format; {@link
 * dev.tare.engine.export.TensorRtCache} is the only one so far. It is not on the reading path; jobs
 * will call an export with a finished plan.
 */
package dev.tare.engine.export;
