/** Float and quantized model side by side: how much the numbers moved. */
package dev.tare.jobs.evaluate;
