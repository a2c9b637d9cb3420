package dev.tare.engine.infer;

/**
 * How far a runtime may rewrite the graph before it runs it.
 *
 * <p>Activations differ in their last bits between levels, so it is recorded with the statistics.
 */
public enum OptimizationLevel {
  NONE,
  BASIC,
  EXTENDED,
  ALL
}
