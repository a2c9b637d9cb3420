package dev.tare.engine.infer;

import dev.tare.engine.model.ModelFormat;

/**
 * A format of models, and what runs them. Formats beside ONNX are found as services of this type by
 * {@link java.util.ServiceLoader}, in the class loader of Tare alone.
 */
public interface FormatProvider {

  ModelFormat format();

  ModelRuntime runtime();
}
