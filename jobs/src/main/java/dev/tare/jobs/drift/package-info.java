/** How far new traffic moved from what a model was calibrated on. */
package dev.tare.jobs.drift;
