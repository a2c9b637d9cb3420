package dev.tare.jobs.lineage;

import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.artifact.Manifest;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.relation.Relation;
import dev.tare.jobs.storage.FinishedRun;
import io.openlineage.client.OpenLineage;
import io.openlineage.client.utils.DatasetIdentifier;
import io.openlineage.client.utils.filesystem.FilesystemDatasetUtils;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a run read and wrote, as datasets of OpenLineage, whose names are those that other producers
 * give the same places.
 *
 * @param language makes the parts of events
 */
record Datasets(OpenLineage language, TablePlaces tables) {

  private static final String INPUT = "tare_input";

  /** The query that was a run's data, if there was one. */
  static Optional<String> query(Manifest manifest) {
    return manifest.inputs().stream()
        .flatMap(input -> relation(input).stream())
        .filter(relation -> !relation.table())
        .map(Relation::text)
        .findFirst();
  }

  /**
   * Everything that was read; of a query, which is a facet of the job, its tables. Files of one
   * folder are one dataset.
   */
  List<OpenLineage.InputDataset> inputs(Manifest manifest) {
    List<OpenLineage.InputDataset> all = new ArrayList<>();
    Map<URI, List<InputRef>> files = new LinkedHashMap<>();
    for (InputRef input : manifest.inputs()) {
      Optional<Relation> relation = relation(input);
      if (relation.isEmpty()) {
        String given = manifest.configuration().getOrDefault(input.name(), "");
        files.computeIfAbsent(place(input, given), place -> new ArrayList<>()).add(input);
      } else if (relation.get().table()) {
        all.add(table(input.name(), List.of(input), relation.get()));
      } else {
        // The hash and the size that the manifest has are those of the query's rows.
        tables
            .read(relation.get())
            .forEach(table -> all.add(table(input.name(), List.of(), table)));
      }
    }
    files.forEach(
        (place, inputs) ->
            all.add(
                input(
                    FilesystemDatasetUtils.fromLocation(place),
                    inputs.get(0).name(),
                    inputs,
                    Optional.empty())));
    return all;
  }

  private static Optional<Relation> relation(InputRef input) {
    String scheme = input.uri().getScheme();
    return scheme == null
        ? Optional.empty()
        : Relation.parse(scheme + ":" + input.uri().getSchemeSpecificPart());
  }

  /**
   * Where an input is: itself, or for a file of a folder of data that folder, without the folders
   * of partitions.
   *
   * @param given what the user named
   */
  private static URI place(InputRef input, String given) {
    String path = input.uri().getPath();
    if (input.sha256().isPresent() || path == null || path.endsWith(lastElement(given))) {
      return input.uri();
    }
    String folder = parent(path);
    while (folder.substring(folder.lastIndexOf('/') + 1).contains("=")) {
      folder = parent(folder);
    }
    return input.uri().resolve(URI.create(rawPath(folder)));
  }

  private static String lastElement(String location) {
    return "/" + location.substring(location.lastIndexOf('/') + 1);
  }

  private static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash <= 0 ? "/" : path.substring(0, slash);
  }

  private static String rawPath(String path) {
    return new org.apache.hadoop.fs.Path(path).toUri().getRawPath();
  }

  private OpenLineage.InputDataset table(String role, List<InputRef> inputs, Relation relation) {
    Optional<URI> place = tables.of(relation);
    DatasetIdentifier name =
        place
            .map(FilesystemDatasetUtils::fromLocation)
            .map(
                there ->
                    there.withSymlink(
                        relation.text(), "spark", DatasetIdentifier.SymlinkType.TABLE))
            .orElseGet(() -> new DatasetIdentifier(relation.text(), "spark"));
    return input(name, role, inputs, relation.at().map(Relation.At::value));
  }

  /**
   * @param role in the run
   * @param inputs of the manifest; empty if the data set is a part of one
   * @param version of a table; of everything else with a hash, that
   */
  private OpenLineage.InputDataset input(
      DatasetIdentifier name, String role, List<InputRef> inputs, Optional<String> version) {
    Optional<String> sha256 = inputs.size() == 1 ? inputs.get(0).sha256() : Optional.empty();
    OpenLineage.DatasetFacetsBuilder facets = language.newDatasetFacetsBuilder();
    version
        .or(() -> sha256)
        .ifPresent(text -> facets.version(language.newDatasetVersionDatasetFacet(text)));
    if (!name.getSymlinks().isEmpty()) {
      facets.symlinks(
          language.newSymlinksDatasetFacet(
              name.getSymlinks().stream()
                  .map(
                      link ->
                          language.newSymlinksDatasetFacetIdentifiers(
                              link.getNamespace(), link.getName(), link.getType().name()))
                  .toList()));
    }
    OpenLineage.DatasetFacet ours = language.newDatasetFacet();
    ours.getAdditionalProperties().put("role", role);
    sha256.ifPresent(hash -> ours.getAdditionalProperties().put("sha256", hash));
    if (!inputs.isEmpty()) {
      ours.getAdditionalProperties().put("bytes", inputs.stream().mapToLong(InputRef::bytes).sum());
      ours.getAdditionalProperties().put("files", inputs.size());
    }
    return language
        .newInputDatasetBuilder()
        .namespace(name.getNamespace())
        .name(name.getName())
        .facets(facets.put(INPUT, ours).build())
        .build();
  }

  /** The run's folder, which later runs name as their input. */
  OpenLineage.OutputDataset output(FinishedRun run) throws IOException {
    DatasetIdentifier name = FilesystemDatasetUtils.fromLocation(run.folder().uri());
    Manifest manifest = run.manifest();
    return language
        .newOutputDatasetBuilder()
        .namespace(name.getNamespace())
        .name(name.getName())
        .facets(
            language
                .newDatasetFacetsBuilder()
                .version(language.newDatasetVersionDatasetFacet(run.manifestDigest().sha256()))
                .put("tare_run", run(run))
                .put("tare_gate", gate(run))
                .build())
        .outputFacets(
            language
                .newOutputDatasetOutputFacetsBuilder()
                .outputStatistics(
                    language
                        .newOutputStatisticsOutputDatasetFacetBuilder()
                        .fileCount((long) manifest.files().size())
                        .size(manifest.files().stream().mapToLong(f -> f.digest().bytes()).sum())
                        .build())
                .build())
        .build();
  }

  private OpenLineage.DatasetFacet run(FinishedRun run) {
    OpenLineage.DatasetFacet facet = language.newDatasetFacet();
    Map<String, Object> values = facet.getAdditionalProperties();
    values.put("runId", run.manifest().runId());
    values.put("stages", run.manifest().stages());
    run.facts()
        .calibration()
        .ifPresent(
            facts -> {
              values.put("contentSha256", facts.contentSha256());
              values.put("samples", facts.samples());
            });
    run.facts()
        .selection()
        .ifPresent(
            facts -> {
              values.put("recipe", facts.recipe());
              values.put("target", facts.target());
            });
    return facet;
  }

  private OpenLineage.DatasetFacet gate(FinishedRun run) throws IOException {
    OpenLineage.DatasetFacet facet = language.newDatasetFacet();
    Map<String, Object> values = facet.getAdditionalProperties();
    values.put("outcome", run.manifest().gate().word());
    if (run.has(Part.QUALITY)) {
      Quality quality = run.quality();
      values.put("failures", quality.gate().failures());
      Quality.headline(quality.outputs())
          .ifPresent(
              output -> {
                values.put("output", output.name());
                put(values, "sqnrDb", output.sqnrDb());
                put(values, "cosineMean", output.cosineMean());
              });
    }
    return facet;
  }

  /** JSON has no infinity. */
  private static void put(Map<String, Object> values, String key, double value) {
    if (Double.isFinite(value)) {
      values.put(key, value);
    }
  }
}
