package dev.tare.jobs.sql;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.artifact.CalibrationFacts;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.artifact.PlacementTrials;
import dev.tare.jobs.artifact.Quality;
import dev.tare.jobs.cli.Subcommand;
import dev.tare.jobs.console.Verdict;
import dev.tare.jobs.relation.Relation;
import dev.tare.jobs.storage.FinishedRun;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * One call of a procedure, in the session of its caller, whose settings are as before when it ends.
 *
 * @param values arguments by name
 */
record ProcedureCall(Subcommand command, Map<String, List<String>> values) {

  /** Columns of every procedure's answer; what a procedure does not have is null. */
  static final StructType SCHEMA =
      new StructType()
          .add("run", DataTypes.StringType, true)
          .add("stages", DataTypes.createArrayType(DataTypes.StringType, false), true)
          .add("gate", DataTypes.StringType, true)
          .add("samples", DataTypes.LongType, true)
          .add("content_sha256", DataTypes.StringType, true)
          .add("sqnr_db", DataTypes.DoubleType, true)
          .add("cosine_mean", DataTypes.DoubleType, true)
          .add("bytes", DataTypes.LongType, true)
          .add("verdict", DataTypes.StringType, true)
          .add("console", DataTypes.StringType, false);

  /** Arguments that may be the name of a table or view without the prefix that says so. */
  private static final List<String> DATA = List.of("data", "eval_data");

  private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_.`]+");

  /** Runs the command; one row. */
  Scan run(SparkSession spark) {
    Map<String, String> before = settings(spark);
    Optional<String> description = SparkJobs.description(spark);
    try {
      Procedures.Ended ended = Procedures.call(command.commandLine(named(spark)));
      return FactTable.scan(SCHEMA, List.of(row(spark, ended)));
    } finally {
      restore(spark, before);
      SparkJobs.describe(spark, description.orElse(null));
    }
  }

  private Map<String, List<String>> named(SparkSession spark) {
    Map<String, List<String>> all = new TreeMap<>(values);
    for (String key : DATA) {
      all.computeIfPresent(
          key, (k, texts) -> texts.stream().map(text -> relation(spark, text)).toList());
    }
    return all;
  }

  private static String relation(SparkSession spark, String data) {
    boolean table =
        !Relation.isNamedBy(data)
            && NAME.matcher(data).matches()
            && spark.catalog().tableExists(data);
    return table ? "table:" + data : data;
  }

  private static Map<String, String> settings(SparkSession spark) {
    return new TreeMap<>(CollectionConverters.asJava(spark.conf().getAll()));
  }

  private static void restore(SparkSession spark, Map<String, String> before) {
    settings(spark)
        .forEach(
            (key, value) -> {
              if (!before.containsKey(key)) {
                spark.conf().unset(key);
              } else if (!before.get(key).equals(value)) {
                spark.conf().set(key, before.get(key));
              }
            });
  }

  private InternalRow row(SparkSession spark, Procedures.Ended ended) {
    Optional<String> written = ended.output();
    if (written.isPresent()) {
      try {
        return row(RunFolder.open(written.get(), SparkJobs.hadoop(spark)), ended.out());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    String gate = ended.exitCode() == ExitCode.GATE_FAILED ? "failed" : "passed";
    Optional<String> about = first("run").or(() -> first("current")).or(() -> first("root"));
    return InternalRows.row(
        about.map(InternalRows::text).orElse(null),
        null,
        command.name().equals("drift") || command.name().equals("publish")
            ? InternalRows.text(gate)
            : null,
        null,
        null,
        null,
        null,
        null,
        InternalRows.text(last(ended.out())),
        InternalRows.text(ended.out()));
  }

  private Optional<String> first(String argument) {
    return values.getOrDefault(argument, List.of()).stream().findFirst();
  }

  private static InternalRow row(FinishedRun run, String out) throws IOException {
    Optional<Quality> quality =
        run.has(Part.QUALITY) ? Optional.of(run.quality()) : Optional.empty();
    Optional<CalibrationFacts> calibration = run.facts().calibration();
    Optional<Quality.OutputQuality> headline =
        quality.flatMap(measured -> Quality.headline(measured.outputs()));
    return InternalRows.row(
        InternalRows.text(run.folder().path().toString()),
        InternalRows.texts(run.manifest().stages()),
        InternalRows.text(run.facts().gate().word()),
        quality
            .map(Quality::samples)
            .or(() -> calibration.map(CalibrationFacts::samples))
            .orElse(null),
        calibration.map(facts -> InternalRows.text(facts.contentSha256())).orElse(null),
        headline.map(output -> InternalRows.number(output.sqnrDb())).orElse(null),
        headline.map(output -> InternalRows.number(output.cosineMean())).orElse(null),
        run.manifest().files().stream().mapToLong(file -> file.digest().bytes()).sum(),
        verdict(run, quality).map(InternalRows::text).orElse(null),
        InternalRows.text(out));
  }

  /** What the command line says last: limits that were missed, and what may help. */
  private static Optional<String> verdict(FinishedRun run, Optional<Quality> quality)
      throws IOException {
    Optional<PlacementTrials> trials =
        run.has(Part.PLACEMENTS) ? Optional.of(run.placements()) : Optional.empty();
    List<String> sentences = new ArrayList<>();
    quality.ifPresent(measured -> sentences.addAll(measured.gate().failures()));
    Verdict.of(quality, trials, run.facts().selection()).ifPresent(sentences::add);
    Verdict.ofGate(quality, run.facts().selection()).ifPresent(sentences::add);
    return sentences.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", sentences));
  }

  private static String last(String out) {
    return out.lines().reduce((before, after) -> after).orElse("");
  }
}
