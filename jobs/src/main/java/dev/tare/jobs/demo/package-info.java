/** The data of the demonstration. */
package dev.tare.jobs.demo;
