/**
 * A TensorFlow Lite model as planning sees it: {@link dev.tare.engine.tflite.view.LiteGraph}
 * implements {@link dev.tare.engine.graph.ModelGraph}. Activations have their channels last; the
 * axes of weights are in {@link dev.tare.engine.tflite.view.Product}.
 */
package dev.tare.engine.tflite.view;
