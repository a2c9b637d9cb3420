/**
 * The user's intent: {@link dev.tare.engine.recipe.RecipeParser} reads a {@link
 * dev.tare.engine.recipe.Recipe}, which decides how each node and tensor is quantized. The next
 * room is {@code target}, which knows what a runtime supports; {@code plan} then decides tensor by
 * tensor.
 */
package dev.tare.engine.recipe;
