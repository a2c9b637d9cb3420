package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import java.util.List;
import java.util.Optional;

/**
 * What the stages of a run say of it: the {@code properties} of its manifest, whose format version
 * is theirs too. Each stage has a record, and its layout lives there.
 *
 * <p>Reading is strict: a value that cannot be is refused, and so is a key that this version does
 * not know, since what it tells may be what the reader must not miss.
 *
 * @param calibration of statistics
 * @param selection of a plan
 * @param quantization of quantized weights
 * @param dequantization of weights that became float again
 * @param evaluation of quality
 * @param data of what was read
 * @param gate how the quality gate ended
 * @param warnings what a person was warned of
 */
public record RunFacts(
    Optional<CalibrationFacts> calibration,
    Optional<SelectionFacts> selection,
    Optional<QuantizationFacts> quantization,
    Optional<DequantizationFacts> dequantization,
    Optional<EvaluationFacts> evaluation,
    Optional<DataFacts> data,
    GateOutcome gate,
    List<String> warnings) {

  /** Nothing yet. */
  public static final RunFacts NONE =
      new RunFacts(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          GateOutcome.NONE,
          List.of());

  static final String GATE = "gate";

  public RunFacts {
    warnings = List.copyOf(warnings);
  }

  /**
   * Reads what {@link #toJson} gave, now or in an older version.
   *
   * @param where how errors name the manifest
   * @throws TareException (bad input) if a value cannot be or a key is unknown; the message names
   *     manifest and key
   */
  public static RunFacts fromJson(ObjectNode properties, String where) {
    return FactReader.read(properties, "", where, RunFacts::read);
  }

  private static RunFacts read(FactReader in) {
    return new RunFacts(
        in.section("calibration", CalibrationFacts::fromJson),
        in.section("selection", SelectionFacts::fromJson),
        in.section("quantization", QuantizationFacts::fromJson),
        in.section("dequantization", DequantizationFacts::fromJson),
        in.section("evaluation", EvaluationFacts::fromJson),
        in.section("data", DataFacts::fromJson),
        in.optionalText(GATE)
            .map(
                word ->
                    GateOutcome.of(word)
                        .orElseThrow(() -> in.wrong(GATE, "passed, failed or none", word)))
            .orElse(GateOutcome.NONE),
        in.texts("warnings"));
  }

  /** The tree that a manifest keeps; sections that are not there have no key. */
  public ObjectNode toJson() {
    ObjectNode root = StrictJson.object();
    calibration.ifPresent(facts -> root.set("calibration", facts.toJson()));
    selection.ifPresent(facts -> root.set("selection", facts.toJson()));
    quantization.ifPresent(facts -> root.set("quantization", facts.toJson()));
    dequantization.ifPresent(facts -> root.set("dequantization", facts.toJson()));
    evaluation.ifPresent(facts -> root.set("evaluation", facts.toJson()));
    data.ifPresent(facts -> root.set("data", facts.toJson()));
    if (gate != GateOutcome.NONE) {
      root.put(GATE, gate.word());
    }
    if (!warnings.isEmpty()) {
      warnings.forEach(root.putArray("warnings")::add);
    }
    return root;
  }

  public RunFacts with(CalibrationFacts facts) {
    return new RunFacts(
        Optional.of(facts),
        selection,
        quantization,
        dequantization,
        evaluation,
        data,
        gate,
        warnings);
  }

  public RunFacts with(SelectionFacts facts) {
    return new RunFacts(
        calibration,
        Optional.of(facts),
        quantization,
        dequantization,
        evaluation,
        data,
        gate,
        warnings);
  }

  public RunFacts with(QuantizationFacts facts) {
    return new RunFacts(
        calibration,
        selection,
        Optional.of(facts),
        dequantization,
        evaluation,
        data,
        gate,
        warnings);
  }

  public RunFacts with(DequantizationFacts facts) {
    return new RunFacts(
        calibration, selection, quantization, Optional.of(facts), evaluation, data, gate, warnings);
  }

  /** The same with an evaluation and how its gate ended. */
  public RunFacts with(EvaluationFacts facts, GateOutcome outcome) {
    return new RunFacts(
        calibration,
        selection,
        quantization,
        dequantization,
        Optional.of(facts),
        data,
        outcome,
        warnings);
  }

  public RunFacts with(DataFacts facts) {
    return new RunFacts(
        calibration,
        selection,
        quantization,
        dequantization,
        evaluation,
        Optional.of(facts),
        gate,
        warnings);
  }

  /** The same with a gate that ended so. */
  public RunFacts with(GateOutcome outcome) {
    return new RunFacts(
        calibration, selection, quantization, dequantization, evaluation, data, outcome, warnings);
  }

  /** The same with warnings, in the order in which they were given. */
  public RunFacts with(List<String> given) {
    return new RunFacts(
        calibration, selection, quantization, dequantization, evaluation, data, gate, given);
  }
}
