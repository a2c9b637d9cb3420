/** Tare on Spark: the command line and one package per stage. */
package dev.tare.jobs;
