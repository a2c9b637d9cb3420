package dev.tare.jobs.sql;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.connector.catalog.FunctionCatalog;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.NamespaceChange;
import org.apache.spark.sql.connector.catalog.SupportsNamespaces;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCatalog;
import org.apache.spark.sql.connector.catalog.TableChange;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * Tare's functions and tables as a catalog of Spark SQL.
 *
 * <pre>
 * spark.sql.catalog.tare       dev.tare.jobs.sql.TareCatalog
 * spark.sql.catalog.tare.root  file:/runs, s3a://bucket/runs       for the tables
 * spark.sql.catalog.tare.procedures  true                          for CALL
 * </pre>
 *
 * <p>Functions are in the namespace {@code fn}, as in {@code tare.fn.scale(...)}; tables have no
 * namespace, as in {@code tare.statistics}; procedures, which write runs, are in {@code system} and
 * off unless they are switched on, as in {@code CALL tare.system.run(...)}; Spark 3.5 has none. The
 * catalog itself is read-only. It reads the root at every query, so new runs appear at once and a
 * session may set another root.
 */
public final class TareCatalog extends LineCatalog
    implements TableCatalog, FunctionCatalog, SupportsNamespaces {

  private static final String FUNCTIONS = "fn";
  private static final String ROOT = "root";

  private String name = "";
  private Optional<String> root = Optional.empty();
  private final FinishedRuns runs = new FinishedRuns();

  @Override
  public void initialize(String catalog, CaseInsensitiveStringMap options) {
    name = catalog;
    root = Optional.ofNullable(options.get(ROOT));
    initializeProcedures(options);
    LiteralWords.addTo(SparkSession.active());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Identifier[] listFunctions(String[] namespace) throws NoSuchNamespaceException {
    requireNamespace(namespace);
    return isFunctions(namespace)
        ? NamedFunction.ALL.stream()
            .map(function -> Identifier.of(namespace, function.name()))
            .toArray(Identifier[]::new)
        : new Identifier[0];
  }

  @Override
  public UnboundFunction loadFunction(Identifier identifier) throws NoSuchFunctionException {
    String wanted = identifier.name().toLowerCase(Locale.ROOT);
    return NamedFunction.ALL.stream()
        .filter(function -> isFunctions(identifier.namespace()) && function.name().equals(wanted))
        .findFirst()
        .orElseThrow(() -> new NoSuchFunctionException(identifier));
  }

  @Override
  public Identifier[] listTables(String[] namespace) throws NoSuchNamespaceException {
    requireNamespace(namespace);
    return namespace.length > 0
        ? new Identifier[0]
        : RunTables.NAMES.stream()
            .map(table -> Identifier.of(namespace, table))
            .toArray(Identifier[]::new);
  }

  @Override
  public Table loadTable(Identifier identifier) throws NoSuchTableException {
    String wanted = identifier.name().toLowerCase(Locale.ROOT);
    if (identifier.namespace().length > 0 || !RunTables.NAMES.contains(wanted)) {
      throw new NoSuchTableException(identifier);
    }
    SparkSession spark = SparkSession.active();
    CatalogSettings settings = new CatalogSettings(name);
    String roots = settings.in(spark, ROOT, root).orElse("");
    return new RunTables(spark, runs.below(spark, settings.key(ROOT), roots)).table(name, wanted);
  }

  @Override
  public boolean tableExists(Identifier identifier) {
    return identifier.namespace().length == 0
        && RunTables.NAMES.contains(identifier.name().toLowerCase(Locale.ROOT));
  }

  @Override
  public String[][] listNamespaces() {
    return Stream.concat(Stream.<String[]>of(new String[] {FUNCTIONS}), Stream.of(callable()))
        .toArray(String[][]::new);
  }

  @Override
  public String[][] listNamespaces(String[] namespace) throws NoSuchNamespaceException {
    requireNamespace(namespace);
    return namespace.length == 0 ? listNamespaces() : new String[0][];
  }

  @Override
  public boolean namespaceExists(String[] namespace) {
    return namespace.length == 0 || isFunctions(namespace) || isSystem(namespace);
  }

  @Override
  public Map<String, String> loadNamespaceMetadata(String[] namespace)
      throws NoSuchNamespaceException {
    requireNamespace(namespace);
    return Map.of(
        SupportsNamespaces.PROP_COMMENT,
        isFunctions(namespace)
            ? "Functions over the columns of the statistics table"
            : namespace.length > 0
                ? "Procedures: the subcommands of tare"
                : "Tables over all finished runs below " + root.orElse("the root"));
  }

  private void requireNamespace(String[] namespace) throws NoSuchNamespaceException {
    if (!namespaceExists(namespace)) {
      throw new NoSuchNamespaceException(namespace);
    }
  }

  private static boolean isFunctions(String[] namespace) {
    return Arrays.equals(namespace, new String[] {FUNCTIONS});
  }

  private UnsupportedOperationException readOnly() {
    return new UnsupportedOperationException(
        "Catalog '" + name + "' cannot be changed: runs are written by the tare command");
  }

  /** {@inheritDoc} Spark 3.5 has no other way, and Spark 4 comes here from the newer ones. */
  @Override
  @SuppressWarnings("deprecation")
  public Table createTable(
      Identifier identifier,
      StructType schema,
      Transform[] partitions,
      Map<String, String> properties) {
    throw readOnly();
  }

  @Override
  public Table alterTable(Identifier identifier, TableChange... changes) {
    throw readOnly();
  }

  @Override
  public boolean dropTable(Identifier identifier) {
    throw readOnly();
  }

  @Override
  public void renameTable(Identifier from, Identifier to) {
    throw readOnly();
  }

  @Override
  public void createNamespace(String[] namespace, Map<String, String> metadata) {
    throw readOnly();
  }

  @Override
  public void alterNamespace(String[] namespace, NamespaceChange... changes) {
    throw readOnly();
  }

  @Override
  public boolean dropNamespace(String[] namespace, boolean cascade) {
    throw readOnly();
  }
}
