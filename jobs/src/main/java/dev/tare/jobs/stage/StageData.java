package dev.tare.jobs.stage;

import dev.tare.engine.model.FloatModel;
import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.DataFacts;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.input.DataFiles;
import dev.tare.jobs.input.DataOptions;
import dev.tare.jobs.input.DataSource;
import dev.tare.jobs.input.InputException;
import dev.tare.jobs.input.InputReport;
import dev.tare.jobs.input.LocalFile;
import dev.tare.jobs.input.ModelInputs;
import dev.tare.jobs.input.Reason;
import dev.tare.jobs.input.SampleRows;
import dev.tare.jobs.input.Sampling;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.model.ModelSignature;
import dev.tare.jobs.relation.Relation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;

/**
 * The data of a stage: checked, counted, and reduced to the samples that the stage uses.
 *
 * <p>Small data is kept in memory between the passes over it; larger data is read again.
 */
public final class StageData implements AutoCloseable {

  /** Up to this size tokenizing again costs more than keeping the samples. */
  private static final long KEEP_BYTES = 64L << 20;

  private final SparkSession spark;
  private final DataSource source;
  private final List<Dataset<Row>> kept = new ArrayList<>();
  private final Optional<CachedFile> tokenizer;
  private final Map<Choice, Dataset<Row>> chosenTexts = new HashMap<>();
  private final Map<Choice, Long> goodTexts = new HashMap<>();
  private Dataset<Row> rows;
  private InputReport report;
  private long maxBadRows;

  /** Some rows of the data. */
  private record Choice(Rows which, OptionalInt n) {}

  private StageData(SparkSession spark, DataSource source, Optional<CachedFile> tokenizer) {
    this.spark = spark;
    this.source = source;
    this.tokenizer = tokenizer;
  }

  /**
   * Opens data for a model; runs no job.
   *
   * @throws TareException (bad input) if it cannot be read in full
   */
  public static StageData open(SparkSession spark, ModelHandle model, DataOptions options)
      throws IOException {
    FloatModel graph = model.parse();
    Configuration hadoop = SparkJobs.hadoop(spark);
    Optional<CachedFile> tokenizer =
        options.tokenizer().isPresent()
            ? Optional.of(CachedFile.open(options.tokenizer().get(), hadoop))
            : Optional.empty();
    ModelInputs inputs = new ModelInputs(ModelSignature.inputs(graph));
    Optional<LocalFile> file = tokenizer.map(cached -> cached);
    DataSource source =
        asBadInput(
            () -> DataSource.open(spark, options, inputs, graph.tableRows("input_ids"), file));
    return new StageData(spark, source, tokenizer);
  }

  /**
   * Counts all rows before any are selected; further calls do nothing.
   *
   * @throws TareException (bad input) if more rows are bad than allowed, or none is a sample
   */
  public InputReport check(long maxBadRows) {
    if (report != null) {
      return report;
    }
    this.maxBadRows = maxBadRows;
    SparkJobs.describe(spark, "read: count and check rows");
    report =
        asBadInput(
            () -> {
              rows = source.rows();
              if (source.relation().isEmpty() && source.files().bytes() <= KEEP_BYTES) {
                rows = rows.persist(StorageLevel.MEMORY_AND_DISK());
                kept.add(rows);
              }
              InputReport counted = source.report(rows);
              counted.check(maxBadRows);
              return counted;
            });
    return report;
  }

  /**
   * The number of samples that {@link #select} gives; runs no job. Texts that cannot be tokenized
   * are known once they were selected.
   */
  public long count(Rows which, OptionalInt n) {
    Long good = goodTexts.get(new Choice(which, n));
    if (good != null) {
      return good;
    }
    long there =
        switch (which) {
          case ALL -> report.samples();
          case HELD_OUT -> report.heldOut();
          case CALIBRATION -> report.samples() - report.heldOut();
        };
    return n.isPresent() ? Math.min(n.getAsInt(), there) : there;
  }

  /**
   * Samples, all or the n with the smallest hashes: rows of hash, sample, file and row, and of a
   * label where labels are read. Where n are not there, no job looks for them.
   *
   * @param which rows are considered
   */
  public Dataset<Row> select(Rows which, OptionalInt n) {
    SparkJobs.describe(spark, "read: choose samples");
    Optional<Column> condition = which.condition();
    Dataset<Row> wanted = condition.isPresent() ? rows.filter(condition.get()) : rows;
    boolean some = n.isPresent() && n.getAsInt() < count(which, OptionalInt.empty());
    OptionalLong most = some ? OptionalLong.of(n.getAsInt()) : OptionalLong.empty();
    if (source.choosesTexts()) {
      return chosenTexts.computeIfAbsent(
          new Choice(which, n), choice -> tokenized(choice, Sampling.select(wanted, most)));
    }
    Dataset<Row> selected = samplesOf(Sampling.select(wanted, most));
    boolean keptAlready = !some && !rows.storageLevel().equals(StorageLevel.NONE());
    // The same samples may be selected twice, and Spark warns of keeping them twice.
    if (n.isPresent() && !keptAlready && selected.storageLevel().equals(StorageLevel.NONE())) {
      selected = selected.persist(StorageLevel.MEMORY_AND_DISK());
      kept.add(selected);
    }
    return selected;
  }

  /** Tokenizes chosen texts, once, and counts those that the tokenizer fails on as bad rows. */
  private Dataset<Row> tokenized(Choice choice, Dataset<Row> texts) {
    Dataset<Row> tokenized = source.samplesOf(texts).persist(StorageLevel.MEMORY_AND_DISK());
    kept.add(tokenized);
    InputReport counted =
        asBadInput(
            () -> {
              InputReport one = source.count(tokenized);
              one.check(Math.max(0, maxBadRows - report.badRows()));
              return one;
            });
    goodTexts.put(choice, counted.samples());
    return samplesOf(tokenized.filter(functions.col(SampleRows.ERROR).isNull()));
  }

  private static Dataset<Row> samplesOf(Dataset<Row> good) {
    List<String> columns =
        new ArrayList<>(List.of(SampleRows.SAMPLE, SampleRows.FILE, SampleRows.ROW));
    if (List.of(good.columns()).contains(SampleRows.LABEL)) {
      columns.add(SampleRows.LABEL);
    }
    return good.select(SampleRows.HASH, columns.toArray(String[]::new));
  }

  /** Throws if a file changed since the data was opened. */
  public void requireUnchanged() {
    asBadInput(
        () -> {
          source.requireUnchanged();
          return true;
        });
  }

  /** As {@link #requireUnchanged}; reads the tokenizer once more, and the rows of a relation. */
  public void requireAllUnchanged() throws IOException {
    requireUnchanged();
    SparkJobs.describe(spark, "read: compare the rows with those read at first");
    asBadInput(
        () -> {
          source.requireSameRows();
          return true;
        });
    if (tokenizer.isPresent()) {
      tokenizer.get().ref().requireUnchanged(tokenizer.get().hadoop().configuration());
    }
  }

  /** Returns a note for the user on how the data is read. */
  public Optional<String> note() {
    return source.textColumn().map(c -> "Texts are read from column '%s'.".formatted(c));
  }

  /**
   * Returns the inputs for the manifest: data files, by size and time, or a relation, by the
   * content of its rows, and the tokenizer. Cost: a relation is counted if it was not yet.
   */
  public List<InputRef> inputs(String name) {
    List<InputRef> inputs = new ArrayList<>();
    source.relation().ifPresent(relation -> inputs.add(input(name, relation)));
    for (DataFiles.DataFile file : source.files().files()) {
      inputs.add(
          InputRef.unhashed(
              name,
              new org.apache.hadoop.fs.Path(file.path()).toUri(),
              file.bytes(),
              file.modifiedMillis()));
    }
    tokenizer.ifPresent(file -> inputs.add(file.ref().asInput("tokenizer")));
    return inputs;
  }

  private InputRef input(String name, Relation relation) {
    InputReport read = report != null ? report : asBadInput(source::report);
    String content =
        "samples %d, hashes %s, skipped %s, bad %s"
            .formatted(read.samples(), read.content().hashes(), read.skipped(), read.bad());
    return InputRef.of(
        name, relation.uri(), new Digest(Digest.of(content).sha256(), read.content().bytes()));
  }

  /** Returns the facts about the data, for the manifest. */
  public DataFacts facts() {
    return new DataFacts(
        source
            .relation()
            .map(relation -> relation.table() ? "table" : "sql")
            .orElse(source.format().name().toLowerCase(Locale.ROOT)),
        source.maxLength(),
        source.textColumn(),
        source.preparation().map(Object::toString),
        source.choosesTexts() ? Optional.of(DataFacts.BY_TEXT) : Optional.empty(),
        report.rows(),
        report.samples(),
        byId(report.skipped()),
        byId(report.bad()));
  }

  private static SortedMap<String, Long> byId(Map<Reason, Long> rows) {
    SortedMap<String, Long> byId = new TreeMap<>();
    rows.forEach((reason, count) -> byId.put(reason.id(), count));
    return byId;
  }

  public InputReport report() {
    return report;
  }

  /** Returns the data as messages name it. */
  public String place() {
    return source
        .relation()
        .map(Relation::shown)
        .orElseGet(() -> new org.apache.hadoop.fs.Path(source.files().uri()).toUri().toString());
  }

  private static <T> T asBadInput(Supplier<T> work) {
    try {
      return work.get();
    } catch (InputException e) {
      throw TareException.badInput(e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    kept.forEach(Dataset::unpersist);
    SparkJobs.describe(spark, null);
  }
}
