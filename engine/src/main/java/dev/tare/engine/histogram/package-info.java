/** Mergeable histograms of float values and the statistics made of them. */
package dev.tare.engine.histogram;
