/** The quantization engine: plain Java, free of Spark, Hadoop and logging. */
package dev.tare.engine;
