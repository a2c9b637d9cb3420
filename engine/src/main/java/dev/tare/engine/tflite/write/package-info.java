/**
 * Changes of TensorFlow Lite models by a plan: {@link dev.tare.engine.tflite.write.IntegerModel}
 * writes integers, {@link dev.tare.engine.tflite.write.FakeQuantizedModel} what is left of the
 * weights as floats. The next room is {@code model}.
 */
package dev.tare.engine.tflite.write;
