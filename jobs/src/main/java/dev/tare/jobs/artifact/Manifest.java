package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.Build;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a finished run is: where it came from and every file of it. Format version 1; {@link
 * ManifestJson} holds the layout.
 *
 * @param runId id of the run
 * @param stages names of the stages that made it, in their order
 * @param tareVersion version of the program that made it
 * @param created when it was published; no part of the run's identity
 * @param inputs what was read, sorted
 * @param configuration effective configuration by option name
 * @param properties facts of the stages, a JSON tree with sorted keys; this record holds a copy of
 *     its own and gives out copies. {@link #facts} reads it: a run whose facts a program cannot
 *     read can still be listed, verified and removed by it
 * @param partsFolder folder inside the run folder that holds the files, where they do not stand in
 *     the run folder itself: on object stores, which cannot rename a folder
 * @param files every file of the run but manifest and status, sorted by path
 */
public record Manifest(
    String runId,
    List<String> stages,
    String tareVersion,
    Instant created,
    List<InputRef> inputs,
    SortedMap<String, String> configuration,
    ObjectNode properties,
    Optional<String> partsFolder,
    List<FileEntry> files) {

  /**
   * @throws IllegalArgumentException if the run id is not one, the folder of parts is no folder of
   *     an attempt, a file is named twice, or the lengths of all overflow a long
   */
  public Manifest {
    RunId.check(runId);
    if (partsFolder.isPresent() && !AttemptFolder.possible(partsFolder.get())) {
      throw new IllegalArgumentException(
          "Not the folder of an attempt: '%s'".formatted(partsFolder.get()));
    }
    stages = List.copyOf(stages);
    created = created.truncatedTo(ChronoUnit.SECONDS);
    inputs = inputs.stream().sorted().toList();
    configuration = Collections.unmodifiableSortedMap(new TreeMap<>(configuration));
    properties = ManifestJson.sorted(properties);
    files = files.stream().sorted().toList();
    requirePossible(files);
  }

  private static void requirePossible(List<FileEntry> files) {
    Set<String> paths = new HashSet<>();
    long bytes = 0;
    for (FileEntry file : files) {
      if (!paths.add(file.path())
          || file.path().equals(Part.MANIFEST.fileName())
          || file.path().equals(Part.STATUS.fileName())) {
        throw new IllegalArgumentException(
            "The file '%s' is named twice or is no part of a run".formatted(file.path()));
      }
      try {
        bytes = Math.addExact(bytes, file.digest().bytes());
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException("More bytes than can be counted: " + file.path(), e);
      }
    }
  }

  /** A manifest without files, as a stage hands it in for publication. */
  public static Manifest draft(
      String runId,
      List<String> stages,
      Collection<InputRef> inputs,
      Map<String, String> configuration,
      RunFacts facts) {
    return new Manifest(
        runId,
        stages,
        Build.current().version(),
        Instant.now(),
        List.copyOf(inputs),
        new TreeMap<>(configuration),
        facts.toJson(),
        Optional.empty(),
        List.of());
  }

  /** A copy. */
  @Override
  public ObjectNode properties() {
    return properties.deepCopy();
  }

  /** What decides the content of this run. */
  public Fingerprint fingerprint() {
    return Fingerprint.of(tareVersion, stages, inputs, configuration);
  }

  /**
   * What the stages say of the run.
   *
   * @param where how errors name this manifest
   * @throws dev.tare.jobs.TareException (bad input) as {@link RunFacts#fromJson} does
   */
  public RunFacts facts(String where) {
    return RunFacts.fromJson(properties, where);
  }

  /** How quality was judged; none also for a word that no gate has. */
  public GateOutcome gate() {
    return GateOutcome.of(properties.path(RunFacts.GATE).asText("")).orElse(GateOutcome.NONE);
  }

  /** Whether quality was held against a gate and was good enough. */
  public boolean gatePassed() {
    return gate() == GateOutcome.PASSED;
  }

  /** Whether this is a finished run whose quality gate failed. */
  public boolean gateFailed() {
    return gate() == GateOutcome.FAILED;
  }

  /**
   * The same with the files of a run.
   *
   * @param folder the folder that holds them, where that is not the run folder itself
   */
  public Manifest withFiles(Optional<String> folder, Collection<FileEntry> newFiles) {
    return new Manifest(
        runId,
        stages,
        tareVersion,
        created,
        inputs,
        configuration,
        properties,
        folder,
        List.copyOf(newFiles));
  }
}
