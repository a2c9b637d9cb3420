/** Selection: statistics, recipe and weights into a plan, without running the model. */
package dev.tare.jobs.select;
