package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the stages of a run record about it: the {@code properties} of its manifest, with the
 * manifest's format version. Each stage has a record that defines its layout.
 *
 * <p>Reading is strict: impossible values and unknown keys are refused, since an unknown key may be
 * essential.
 *
 * @param sections at most one of each type, in the order of the manifest
 * @param gate outcome of the quality gate
 * @param warnings warnings shown to the user
 */
public record RunFacts(List<FactSection> sections, GateOutcome gate, List<String> warnings) {

  /** A section by its type, its key in the manifest and its reader. */
  private record Layout<T extends FactSection>(
      Class<T> type, String key, Function<FactReader, T> reader) {

    Optional<T> read(FactReader in) {
      return in.section(key, reader);
    }
  }

  private static final List<Layout<?>> LAYOUTS =
      List.of(
          new Layout<>(CalibrationFacts.class, "calibration", CalibrationFacts::fromJson),
          new Layout<>(SelectionFacts.class, "selection", SelectionFacts::fromJson),
          new Layout<>(QuantizationFacts.class, "quantization", QuantizationFacts::fromJson),
          new Layout<>(DequantizationFacts.class, "dequantization", DequantizationFacts::fromJson),
          new Layout<>(EvaluationFacts.class, "evaluation", EvaluationFacts::fromJson),
          new Layout<>(DataFacts.class, "data", DataFacts::fromJson));

  /** No facts. */
  public static final RunFacts NONE = new RunFacts(List.of(), GateOutcome.NONE, List.of());

  static final String GATE = "gate";

  public RunFacts {
    sections = List.copyOf(sections);
    warnings = List.copyOf(warnings);
  }

  /**
   * Reads what {@link #toJson} wrote, in this or an older version.
   *
   * @param where name of the manifest in errors
   * @throws TareException (bad input) if a value is impossible or a key is unknown; the message
   *     names manifest and key
   */
  public static RunFacts fromJson(ObjectNode properties, String where) {
    return FactReader.read(properties, "", where, RunFacts::read);
  }

  private static RunFacts read(FactReader in) {
    List<FactSection> sections = new ArrayList<>();
    for (Layout<?> layout : LAYOUTS) {
      layout.read(in).ifPresent(sections::add);
    }
    return new RunFacts(
        sections,
        in.optionalText(GATE)
            .map(
                word ->
                    GateOutcome.of(word)
                        .orElseThrow(() -> in.wrong(GATE, "passed, failed or none", word)))
            .orElse(GateOutcome.NONE),
        in.texts("warnings"));
  }

  /** Returns the JSON object stored in a manifest; absent sections have no key. */
  public ObjectNode toJson() {
    ObjectNode root = StrictJson.object();
    for (Layout<?> layout : LAYOUTS) {
      section(layout.type()).ifPresent(facts -> root.set(layout.key(), facts.toJson()));
    }
    if (gate != GateOutcome.NONE) {
      root.put(GATE, gate.word());
    }
    if (!warnings.isEmpty()) {
      warnings.forEach(root.putArray("warnings")::add);
    }
    return root;
  }

  private <T extends FactSection> Optional<T> section(Class<T> type) {
    return sections.stream().filter(type::isInstance).map(type::cast).findFirst();
  }

  /** Returns the facts of statistics. */
  public Optional<CalibrationFacts> calibration() {
    return section(CalibrationFacts.class);
  }

  /** Returns the facts of a plan. */
  public Optional<SelectionFacts> selection() {
    return section(SelectionFacts.class);
  }

  /** Returns the facts of quantized weights. */
  public Optional<QuantizationFacts> quantization() {
    return section(QuantizationFacts.class);
  }

  /** Returns the facts of dequantized weights. */
  public Optional<DequantizationFacts> dequantization() {
    return section(DequantizationFacts.class);
  }

  /** Returns the facts of quality. */
  public Optional<EvaluationFacts> evaluation() {
    return section(EvaluationFacts.class);
  }

  /** Returns the facts of the data. */
  public Optional<DataFacts> data() {
    return section(DataFacts.class);
  }

  /** Returns the facts with a section added, or replaced if there is one of its type. */
  public RunFacts with(FactSection added) {
    List<FactSection> all = new ArrayList<>();
    for (Layout<?> layout : LAYOUTS) {
      Optional<? extends FactSection> known =
          layout.type().isInstance(added) ? Optional.of(added) : section(layout.type());
      known.ifPresent(all::add);
    }
    return new RunFacts(all, gate, warnings);
  }

  /** Returns the facts with an evaluation and the outcome of its gate. */
  public RunFacts with(EvaluationFacts facts, GateOutcome outcome) {
    return with(facts).with(outcome);
  }

  /** Returns the facts with the outcome of a gate. */
  public RunFacts with(GateOutcome outcome) {
    return new RunFacts(sections, outcome, warnings);
  }

  /** Returns the facts with warnings, in the given order. */
  public RunFacts with(List<String> given) {
    return new RunFacts(sections, gate, given);
  }
}
