package dev.tare.jobs.evaluate;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.model.WritableModel;
import dev.tare.engine.plan.PlanCodec;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.QuantPlanJson;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.quant.Quantizer;
import dev.tare.engine.quant.Rounding;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.SmoothedHandle;
import dev.tare.jobs.table.ConstantKey;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** A plan as it travels to executors, and the models that are made of it there. */
final class ShippedPlan implements Serializable {

  private static final long serialVersionUID = 1L;

  private final ModelHandle model;
  private final String recipe;
  private final String target;
  private final String placement;
  private final String statisticsSha256;
  private final SmoothedHandle changed;
  private final ArrayList<byte[]> tensors = new ArrayList<>();

  /** None, or those whose integers the plan's weights have. */
  private final ArrayList<StoredWeights> stored = new ArrayList<>();

  /** A plan whose weights are those of a table, whatever rounded them. */
  ShippedPlan(ModelHandle model, QuantPlan plan, StoredWeights stored) {
    this(model, plan);
    this.stored.add(stored);
  }

  ShippedPlan(ModelHandle model, QuantPlan plan) {
    this.model = model;
    this.recipe = plan.recipe();
    this.target = plan.target();
    this.placement = plan.placement().orElse("");
    this.statisticsSha256 = plan.statisticsSha256();
    this.changed = SmoothedHandle.of(model, plan);
    plan.tensors().forEach(tensor -> tensors.add(PlanCodec.encode(tensor)));
  }

  QuantPlan plan() {
    return new QuantPlan(
        recipe,
        target,
        Optional.of(placement).filter(named -> !named.isEmpty()),
        model.sha256(),
        List.of(),
        statisticsSha256,
        QuantPlanJson.parseSmoothed(changed.changes()),
        Optional.empty(),
        QuantPlanJson.parseCorrected(changed.corrections()),
        tensors.stream().map(PlanCodec::decode).toList());
  }

  /** The model that the whole plan makes. */
  WritableModel quantized() {
    QuantPlan whole = plan();
    return quantized(whole, codes(whole));
  }

  /** The model that the whole plan makes, with one of its tensors as a further output. */
  WritableModel quantizedWith(String tensor) {
    return quantizedWith(new TreeSet<>(Set.of(tensor)));
  }

  /** The model in float, with the plan's rescaled channels, with more tensors as outputs. */
  ModelFile floatWith(SortedSet<String> more) {
    return SmoothedHandle.of(model, plan().smoothed()).exposing(more);
  }

  /** The model that the whole plan makes, with some of its tensors as further outputs. */
  WritableModel quantizedWith(SortedSet<String> more) {
    QuantPlan whole = plan();
    Map<String, ByteBuffer> codes = codes(whole);
    return changed.prepared().exposing(more).quantized(whole, c -> codes.get(key(c)).duplicate());
  }

  /** The integers of every constant of a plan; costs a walk through all of them. */
  Map<String, ByteBuffer> codes(QuantPlan whole) {
    ModelGraph source = changed.prepared().graph();
    Map<String, ByteBuffer> codes = new HashMap<>();
    for (StoredWeights own : stored) {
      Map<ConstantKey, ByteBuffer> read = own.read();
      whole.tensors().stream()
          .filter(constant -> read.containsKey(ConstantKey.of(constant)))
          .filter(constant -> own.has(constant))
          .forEach(constant -> codes.put(key(constant), read.get(ConstantKey.of(constant))));
    }
    for (TensorPlan constant : whole.tensors()) {
      if (constant.quantized()
          && constant.role() != Role.ACTIVATION
          && !codes.containsKey(key(constant))) {
        Tensor quantized =
            Quantizer.quantize(
                source.constant(constant.tensor()),
                constant.params(),
                constant.granularity(),
                constant.limits(),
                Rounding.DIVISION);
        codes.put(key(constant), quantized.bytes());
      }
    }
    return codes;
  }

  /** The model that a plan, or a part of it, makes of these integers. */
  WritableModel quantized(QuantPlan plan, Map<String, ByteBuffer> codes) {
    // A part corrects fewer biases: an operator in float needs its own.
    return SmoothedHandle.of(model, plan.smoothed())
        .prepared()
        .corrected(plan.corrected())
        .quantized(plan, c -> codes.get(key(c)).duplicate());
  }

  private static String key(TensorPlan constant) {
    return constant.role() + " " + constant.tensor();
  }
}
