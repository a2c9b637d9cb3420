package dev.tare.jobs.lineage;

import io.openlineage.client.OpenLineage;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What all events of one run have in common.
 *
 * @param language makes the parts of events
 * @param job of which this is a run
 * @param parent the run that started it
 * @param sparkVersion version of Spark
 * @param tareVersion version of this program
 */
record EventForm(
    OpenLineage language,
    JobName job,
    Optional<ParentRun> parent,
    String sparkVersion,
    String tareVersion) {

  /**
   * An event.
   *
   * @param id of the run
   * @param error why it failed, in one line
   * @param query the query that was its data
   */
  OpenLineage.RunEvent event(
      OpenLineage.RunEvent.EventType type,
      UUID id,
      Optional<String> error,
      Optional<String> query,
      List<OpenLineage.InputDataset> inputs,
      List<OpenLineage.OutputDataset> outputs) {
    return language
        .newRunEventBuilder()
        .eventType(type)
        .eventTime(ZonedDateTime.now(ZoneOffset.UTC))
        .run(language.newRunBuilder().runId(id).facets(runFacets(error)).build())
        .job(
            language
                .newJobBuilder()
                .namespace(job.namespace())
                .name(job.name())
                .facets(jobFacets(query))
                .build())
        .inputs(inputs)
        .outputs(outputs)
        .build();
  }

  private OpenLineage.RunFacets runFacets(Optional<String> error) {
    OpenLineage.RunFacetsBuilder facets =
        language
            .newRunFacetsBuilder()
            .processing_engine(
                language
                    .newProcessingEngineRunFacetBuilder()
                    .name("spark")
                    .version(sparkVersion)
                    .openlineageAdapterVersion(tareVersion)
                    .build());
    error.ifPresent(
        message ->
            facets.errorMessage(
                language
                    .newErrorMessageRunFacetBuilder()
                    .message(message)
                    .programmingLanguage("JAVA")
                    .build()));
    parent.ifPresent(
        started ->
            facets.parent(
                language
                    .newParentRunFacetBuilder()
                    .run(language.newParentRunFacetRunBuilder().runId(started.run()).build())
                    .job(
                        language
                            .newParentRunFacetJobBuilder()
                            .namespace(started.job().namespace())
                            .name(started.job().name())
                            .build())
                    .build()));
    return facets.build();
  }

  private OpenLineage.JobFacets jobFacets(Optional<String> query) {
    OpenLineage.JobFacetsBuilder facets =
        language
            .newJobFacetsBuilder()
            .jobType(
                language
                    .newJobTypeJobFacetBuilder()
                    .processingType("BATCH")
                    .integration("TARE")
                    .jobType("JOB")
                    .build());
    query.ifPresent(text -> facets.sql(language.newSQLJobFacetBuilder().query(text).build()));
    return facets.build();
  }
}
