/**
 * Changes of weights and graph that follow from statistics. A pass is exact in float, deterministic
 * to the bit, and gives a record of what it does, which the plan keeps and from which alone {@link
 * dev.tare.engine.model.FloatModel#smoothed} makes the changed model. Begin at {@link
 * dev.tare.engine.pass.Smoothing}; the next room is {@code model}.
 */
package dev.tare.engine.pass;
