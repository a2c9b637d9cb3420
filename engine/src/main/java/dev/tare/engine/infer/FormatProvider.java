package dev.tare.engine.infer;

import dev.tare.engine.model.ModelFormat;

/**
 * A format of models, and what runs them. Formats other than ONNX are found as services of this
 * type by {@link java.util.ServiceLoader}, only in the class loader of Tare.
 */
public interface FormatProvider {

  ModelFormat format();

  ModelRuntime runtime();
}
