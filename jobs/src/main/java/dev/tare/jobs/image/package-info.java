/**
 * Converts PNG and JPEG files to tensors: the same bytes on every machine, hostile files are
 * refused. Begin at {@link dev.tare.jobs.image.ImagePreparation}, which {@code input}, the next
 * room, calls for every file.
 */
package dev.tare.jobs.image;
