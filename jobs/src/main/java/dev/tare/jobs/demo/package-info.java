/**
 * The demo: real models, all stages, and a table. Begin at {@link dev.tare.jobs.demo.Demo}, {@link
 * dev.tare.jobs.demo.VisionDemo} or {@link dev.tare.jobs.demo.LiteDemo}, which run all stages
 * through {@code run}, the next room; {@link dev.tare.jobs.demo.WordNetDefinitions} are its texts,
 * {@link dev.tare.jobs.demo.RenderedText} its images, and {@code DrawnFaces} those for the
 * landmarks of a face, a model that {@code PackagedModel} fetches.
 */
package dev.tare.jobs.demo;
