/**
 * The demo: real models, all stages, and a table. Begin at {@link dev.tare.jobs.demo.Demo} or
 * {@link dev.tare.jobs.demo.VisionDemo}, which run all stages through {@code run}, the next room;
 * {@link dev.tare.jobs.demo.WordNetDefinitions} are its texts, {@link
 * dev.tare.jobs.demo.RenderedText} its images.
 */
package dev.tare.jobs.demo;
