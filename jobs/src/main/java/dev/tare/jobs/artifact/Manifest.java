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
 * Describes a finished run: where it came from, and all its files. Format version 1; {@link
 * ManifestJson} defines the layout.
 *
 * @param runId id of the run
 * @param stages names of the stages that wrote it, in order
 * @param tareVersion version of the program that made it
 * @param created when it was published; not part of the run's identity
 * @param inputs what was read, sorted
 * @param configuration effective configuration by option name
 * @param properties facts of the stages, a JSON tree with sorted keys, copied on the way in and
 *     out. {@link #facts} parses it, so that a run whose facts a program cannot read can still be
 *     listed, verified and removed
 * @param partsFolder folder inside the run folder that contains the files, if they are not in the
 *     run folder itself: on object stores, which cannot rename a folder
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
   * @throws IllegalArgumentException if the run id is not one, the folder of parts is not an
   *     attempt's, a file occurs twice, or the sum of lengths overflows a long
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
            "The file '%s' is named twice or is not part of a run".formatted(file.path()));
      }
      try {
        bytes = Math.addExact(bytes, file.digest().bytes());
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(
            "The number of bytes overflows a long: " + file.path(), e);
      }
    }
  }

  /** Creates a manifest without files, to which publication adds them. */
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

  /** Returns a copy. */
  @Override
  public ObjectNode properties() {
    return properties.deepCopy();
  }

  /** Returns the fingerprint of what decides the content of this run. */
  public Fingerprint fingerprint() {
    return Fingerprint.of(tareVersion, stages, inputs, configuration);
  }

  /**
   * Parses the facts of the stages.
   *
   * @param where name of this manifest in errors
   * @throws dev.tare.jobs.TareException (bad input) as {@link RunFacts#fromJson} does
   */
  public RunFacts facts(String where) {
    return RunFacts.fromJson(properties, where);
  }

  /** Returns the outcome of the quality gate; NONE also for an unknown word. */
  public GateOutcome gate() {
    return GateOutcome.of(properties.path(RunFacts.GATE).asText("")).orElse(GateOutcome.NONE);
  }

  /** Whether there was a quality gate and it passed. */
  public boolean gatePassed() {
    return gate() == GateOutcome.PASSED;
  }

  /** Whether this is a finished run whose quality gate failed. */
  public boolean gateFailed() {
    return gate() == GateOutcome.FAILED;
  }

  /**
   * Returns the manifest with the files of a run.
   *
   * @param folder the folder that contains them, if it is not the run folder itself
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
