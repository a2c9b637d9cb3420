/**
 * The user's intent ({@link dev.tare.engine.recipe.Recipe}), and the decision for every tensor that
 * follows from it ({@link dev.tare.engine.recipe.QuantPlan}). {@link
 * dev.tare.engine.recipe.Candidates} sorts the operators of a model and {@link
 * dev.tare.engine.recipe.PlanAssembler} puts the plan together; {@code onnx} reads the model and
 * writes what was planned.
 */
package dev.tare.engine.recipe;
