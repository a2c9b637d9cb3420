/**
 * The user's intent: {@link dev.tare.engine.recipe.RecipeParser} reads a {@link
 * dev.tare.engine.recipe.Recipe}, which decides about every node and tensor that it is asked about.
 * {@code target} says what of it a runtime can hold, and {@code plan} decides tensor by tensor.
 */
package dev.tare.engine.recipe;
