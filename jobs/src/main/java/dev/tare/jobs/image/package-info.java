/** PNG and JPEG files become tensors: the same bytes on every machine, hostile files refused. */
package dev.tare.jobs.image;
