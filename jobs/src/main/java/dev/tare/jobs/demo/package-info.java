/**
 * The data of the demonstration, which {@code run} reads: {@link
 * dev.tare.jobs.demo.WordNetDefinitions} are texts, {@link dev.tare.jobs.demo.RenderedText} are
 * images.
 */
package dev.tare.jobs.demo;
