/** Models on executors: fetched once, opened by path, shared by the tasks of a JVM. */
package dev.tare.jobs.model;
