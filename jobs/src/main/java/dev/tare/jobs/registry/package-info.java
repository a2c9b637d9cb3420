/**
 * Registries of models: begin at {@link dev.tare.jobs.registry.MlflowRegistry}, which {@code tare
 * publish --mlflow} calls after the gate. Speaks MLflow's REST API, so nothing of MLflow has to be
 * installed here.
 */
package dev.tare.jobs.registry;
