/**
 * The decision for every tensor: {@link dev.tare.engine.plan.Candidates} sorts the operators of a
 * model, {@link dev.tare.engine.plan.ActivationPlanner} and {@link
 * dev.tare.engine.plan.WeightPlanner} decide about single tensors, and {@link
 * dev.tare.engine.plan.PlanAssembler} makes them agree in a {@link dev.tare.engine.plan.QuantPlan},
 * which {@link dev.tare.engine.plan.QuantPlanJson} reads and writes; scales that are too many to be
 * listed come through a {@link dev.tare.engine.plan.PlanDocument}. {@code onnx.write} applies it.
 */
package dev.tare.engine.plan;
