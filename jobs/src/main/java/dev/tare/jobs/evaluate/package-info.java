/**
 * Float and quantized model side by side: how much the numbers moved. Begin at {@link
 * dev.tare.jobs.evaluate.EvaluateStage}, whose work is {@link dev.tare.jobs.evaluate.EvaluateJob};
 * {@link dev.tare.jobs.evaluate.EvaluateTask} runs both models on executors, and the result is the
 * {@code Quality} of {@code artifact}.
 */
package dev.tare.jobs.evaluate;
