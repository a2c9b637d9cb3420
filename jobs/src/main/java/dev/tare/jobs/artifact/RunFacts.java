package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the stages of a run say of it: the {@code properties} of its manifest, whose format version
 * is theirs too. Each stage has a record, and its layout lives there.
 *
 * <p>Reading is strict: a value that cannot be is refused, and so is a key that this version does
 * not know, since what it tells may be what the reader must not miss.
 *
 * @param sections at most one of each type, in the order of the manifest
 * @param gate how the quality gate ended
 * @param warnings what a person was warned of
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

  /** Nothing yet. */
  public static final RunFacts NONE = new RunFacts(List.of(), GateOutcome.NONE, List.of());

  static final String GATE = "gate";

  public RunFacts {
    sections = List.copyOf(sections);
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

  /** The tree that a manifest keeps; sections that are not there have no key. */
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

  /** Of statistics. */
  public Optional<CalibrationFacts> calibration() {
    return section(CalibrationFacts.class);
  }

  /** Of a plan. */
  public Optional<SelectionFacts> selection() {
    return section(SelectionFacts.class);
  }

  /** Of quantized weights. */
  public Optional<QuantizationFacts> quantization() {
    return section(QuantizationFacts.class);
  }

  /** Of weights that became float again. */
  public Optional<DequantizationFacts> dequantization() {
    return section(DequantizationFacts.class);
  }

  /** Of quality. */
  public Optional<EvaluationFacts> evaluation() {
    return section(EvaluationFacts.class);
  }

  /** Of what was read. */
  public Optional<DataFacts> data() {
    return section(DataFacts.class);
  }

  /** The same with a section in place of the one of its type. */
  public RunFacts with(FactSection added) {
    List<FactSection> all = new ArrayList<>();
    for (Layout<?> layout : LAYOUTS) {
      Optional<? extends FactSection> known =
          layout.type().isInstance(added) ? Optional.of(added) : section(layout.type());
      known.ifPresent(all::add);
    }
    return new RunFacts(all, gate, warnings);
  }

  /** The same with an evaluation and how its gate ended. */
  public RunFacts with(EvaluationFacts facts, GateOutcome outcome) {
    return with(facts).with(outcome);
  }

  /** The same with a gate that ended so. */
  public RunFacts with(GateOutcome outcome) {
    return new RunFacts(sections, outcome, warnings);
  }

  /** The same with warnings, in the order in which they were given. */
  public RunFacts with(List<String> given) {
    return new RunFacts(sections, gate, given);
  }
}
