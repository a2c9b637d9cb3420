/**
 * The demonstration: real models, all stages, and a table. Begin at {@link dev.tare.jobs.demo.Demo}
 * or {@link dev.tare.jobs.demo.VisionDemo}, which let {@code run} do the work; {@link
 * dev.tare.jobs.demo.WordNetDefinitions} are its texts, {@link dev.tare.jobs.demo.RenderedText} its
 * images.
 */
package dev.tare.jobs.demo;
