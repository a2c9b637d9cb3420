/**
 * The TensorFlow Lite format: a file is checked byte by byte before any generated class reads it
 * ({@link dev.tare.engine.tflite.LiteFile}), and becomes an immutable {@link
 * dev.tare.engine.tflite.LiteModel}; changes are made on a {@link
 * dev.tare.engine.tflite.LiteDraft}. The only rooms that see flatbuffers. {@code view} shows the
 * model as a graph, {@code write} quantizes it, {@code model} connects both with the rest of Tare.
 */
package dev.tare.engine.tflite;
