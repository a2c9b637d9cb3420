/**
 * Configuration files and recipes as text: HOCON with limits on size and includes. Begin at {@link
 * dev.tare.jobs.hocon.HoconFile}; {@code cli} reads the configuration through it, and {@code
 * model}, the next room, recipes.
 */
package dev.tare.jobs.hocon;
