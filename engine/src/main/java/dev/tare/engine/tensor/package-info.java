/** Dense tensors as values: element types, shapes, contents, and the samples made of them. */
package dev.tare.engine.tensor;
