/** Configuration files and recipes as text: HOCON with limits, and includes that stay at home. */
package dev.tare.jobs.hocon;
