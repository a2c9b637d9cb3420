/**
 * The decision for every tensor: {@link dev.tare.engine.plan.Candidates} sorts the operators of a
 * model, {@link dev.tare.engine.plan.ActivationPlanner} and {@link
 * dev.tare.engine.plan.WeightPlanner} plan single tensors, and {@link
 * dev.tare.engine.plan.PlanAssembler} combines them in a {@link dev.tare.engine.plan.QuantPlan},
 * which {@link dev.tare.engine.plan.QuantPlanJson} reads and writes; scales that are too many to be
 * listed come through a {@link dev.tare.engine.plan.PlanDocument}. The next rooms are {@code pass},
 * for changes of weights from statistics, and {@code onnx.write}, which applies a plan.
 */
package dev.tare.engine.plan;
