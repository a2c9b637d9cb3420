package dev.tare.jobs.report;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.artifact.RunFacts;
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
 * @param plan what was decided
 * @param quality what was measured
 * @param spreads values by activation
 * @param channels ranges of channels by activation
 * @param codes counts of integers by weight
 * @param missing one sentence for each thing that a page would show and that is not there
 */
record RunContent(
    List<Manifest> manifests,
    String manifestSha256,
    Optional<QuantPlan> plan,
    Optional<Quality> quality,
    Map<String, Spread> spreads,
    Map<String, ChannelSpread> channels,
    Map<String, List<Long>> codes,
    List<String> missing) {

  RunContent {
    manifests = List.copyOf(manifests);
    missing = List.copyOf(missing);
  }

  Manifest manifest() {
    return manifests.get(0);
  }

  /**
   * What the nearest run that knows says.
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

  /** Bytes of a part, all its files together, in the first run that has it. */
  Optional<Long> bytes(Part part) {
    return manifests.stream()
        .map(manifest -> manifest.files().stream().filter(file -> file.belongsTo(part)).toList())
        .filter(files -> !files.isEmpty())
        .map(files -> files.stream().mapToLong(file -> file.digest().bytes()).sum())
        .findFirst();
  }
}
