/**
 * Compares the outputs of the float and the quantized model. Begin at {@link
 * dev.tare.jobs.evaluate.EvaluateStage}, whose work is {@link dev.tare.jobs.evaluate.EvaluateJob};
 * {@link dev.tare.jobs.evaluate.EvaluateTask} runs both models on executors, and the result is the
 * {@code Quality} of {@code artifact}. The reading path ends here; the next room is {@code merge}.
 */
package dev.tare.jobs.evaluate;
