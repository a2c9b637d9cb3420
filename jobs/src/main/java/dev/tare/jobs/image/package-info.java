/**
 * PNG and JPEG files become tensors: the same bytes on every machine, hostile files refused. Begin
 * at {@link dev.tare.jobs.image.ImagePreparation}, which {@code input} calls for every file.
 */
package dev.tare.jobs.image;
