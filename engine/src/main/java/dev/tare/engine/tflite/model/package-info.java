/**
 * The TensorFlow Lite format for the rest of Tare: {@link
 * dev.tare.engine.tflite.model.LiteFloatModel} is the only class that connects the rooms of {@code
 * tflite} to {@link dev.tare.engine.model.FloatModel}. The next room is {@code infer}.
 */
package dev.tare.engine.tflite.model;
