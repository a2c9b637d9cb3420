/**
 * TensorFlow Lite as a runtime of float models; the only room that sees its native library. {@link
 * dev.tare.engine.infer.lite.LiteRuntime} opens models.
 */
package dev.tare.engine.infer.lite;
