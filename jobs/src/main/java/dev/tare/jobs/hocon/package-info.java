/**
 * Configuration files and recipes as text: HOCON with limits, and includes that stay at home. Begin
 * at {@link dev.tare.jobs.hocon.HoconFile}; {@code cli} reads the configuration through it, {@code
 * model} recipes.
 */
package dev.tare.jobs.hocon;
