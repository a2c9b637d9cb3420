package dev.tare.engine.infer.ort;

import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The outputs of a session that cannot be written into the caller's buffer: those that ONNX Runtime
 * leaves unwritten, and those whose shapes depend on values. Thread-safe; shared by runners of the
 * same outputs.
 */
final class CopiedOutputs {

  private final Set<String> names = ConcurrentHashMap.newKeySet();
  private volatile boolean tried;

  /** Whether a trial run was made. */
  boolean tried() {
    return tried;
  }

  void add(Collection<String> outputs) {
    names.addAll(outputs);
    tried = true;
  }

  boolean contains(String output) {
    return names.contains(output);
  }
}
