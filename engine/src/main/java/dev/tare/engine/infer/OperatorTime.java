package dev.tare.engine.infer;

/**
 * What an operator takes in a run of its model, as the runtime's own profiler says.
 *
 * @param node its name in the model, which a runtime keeps unless it joins several operators
 * @param kernel what computes it
 * @param millis median over runs
 */
public record OperatorTime(String node, String kernel, double millis) {}
