package dev.tare.jobs.report;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.artifact.BudgetPlan;
import dev.tare.jobs.artifact.CompensationTrial;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.PassTrials;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.QuantizationFacts;
import dev.tare.jobs.artifact.RunFacts;
import dev.tare.jobs.artifact.Stability;
import dev.tare.jobs.storage.ModelFiles;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/**
 * Everything that a page says about a run, read from its artifacts.
 *
 * @param manifests of the run, then of its sources, nearest first
 * @param manifestSha256 identity of the run
 * @param plan the decisions for all tensors
 * @param quality the results of evaluation
 * @param placements what was measured of placements
 * @param passes what was measured of passes
 * @param budget what a budget chose
 * @param compensation what a compensation found, and whether it was kept
 * @param stability how much scales depend on the samples
 * @param spreads values by activation
 * @param channels ranges of channels by activation
 * @param codes counts of integers by weight
 * @param order names of the model's operators in graph order; empty if it is not known
 * @param missing one sentence for each part that the page cannot show
 */
record RunContent(
    List<Manifest> manifests,
    String manifestSha256,
    Optional<QuantPlan> plan,
    Optional<Quality> quality,
    Optional<PlacementTrials> placements,
    Optional<PassTrials> passes,
    Optional<BudgetPlan> budget,
    Optional<CompensationTrial> compensation,
    Optional<Stability> stability,
    Map<String, Spread> spreads,
    Map<String, ChannelSpread> channels,
    Map<String, List<Long>> codes,
    List<String> order,
    List<String> missing) {

  /** Content of a run without a budget, a compensation or parts. */
  RunContent(
      List<Manifest> manifests,
      String manifestSha256,
      Optional<QuantPlan> plan,
      Optional<Quality> quality,
      Optional<PlacementTrials> placements,
      Optional<PassTrials> passes,
      Map<String, Spread> spreads,
      Map<String, ChannelSpread> channels,
      Map<String, List<Long>> codes,
      List<String> order,
      List<String> missing) {
    this(
        manifests,
        manifestSha256,
        plan,
        quality,
        placements,
        passes,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        spreads,
        channels,
        codes,
        order,
        missing);
  }

  RunContent {
    manifests = List.copyOf(manifests);
    order = List.copyOf(order);
    missing = List.copyOf(missing);
  }

  Manifest manifest() {
    return manifests.get(0);
  }

  /**
   * The facts of the nearest run that has this section.
   *
   * @param section of the facts
   */
  <T> Optional<T> facts(Function<RunFacts, Optional<T>> section) {
    return manifests.stream()
        .map(manifest -> manifest.facts("The manifest of run " + manifest.runId()))
        .map(section)
        .flatMap(Optional::stream)
        .findFirst();
  }

  Optional<InputRef> input(String name) {
    return manifests.stream()
        .flatMap(manifest -> manifest.inputs().stream())
        .filter(input -> input.name().equals(name))
        .findFirst();
  }

  Optional<String> setting(String key) {
    return manifests.stream()
        .map(manifest -> manifest.configuration().get(key))
        .filter(Objects::nonNull)
        .findFirst();
  }

  /** Bytes of the float model with its data files, if they are known. */
  Optional<Long> floatModelBytes() {
    return facts(RunFacts::quantization)
        .map(QuantizationFacts::floatModelBytes)
        .or(() -> input(ModelFiles.MODEL).map(InputRef::bytes));
  }

  /** Bytes of all files of a part, in the nearest run that has it. */
  Optional<Long> bytes(Part part) {
    return manifests.stream()
        .map(manifest -> manifest.files().stream().filter(file -> file.belongsTo(part)).toList())
        .filter(files -> !files.isEmpty())
        .map(files -> files.stream().mapToLong(file -> file.digest().bytes()).sum())
        .findFirst();
  }
}
