/** The user's intent (recipe), and the decision for every tensor that follows from it (plan). */
package dev.tare.engine.recipe;
