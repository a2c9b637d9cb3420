/**
 * A second format with a runtime of its own, to prove that stages know neither ONNX nor its
 * runtime: linear layers as JSON. {@link dev.tare.jobs.formats.LinearProvider} is found as a
 * service.
 */
package dev.tare.jobs.formats;
