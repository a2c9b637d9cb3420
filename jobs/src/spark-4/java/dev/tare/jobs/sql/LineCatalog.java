package dev.tare.jobs.sql;

import dev.tare.jobs.TareException;
import java.util.Arrays;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.ProcedureCatalog;
import org.apache.spark.sql.connector.catalog.procedures.UnboundProcedure;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** What a catalog has on Spark 4 alone: procedures. */
abstract class LineCatalog implements ProcedureCatalog {

  private static final String SYSTEM = "system";
  private static final String PROCEDURES = "procedures";

  private Optional<String> procedures = Optional.empty();

  /** Keeps whether procedures are asked for. */
  final void initializeProcedures(CaseInsensitiveStringMap options) {
    procedures = Optional.ofNullable(options.get(PROCEDURES));
  }

  /** Whether a namespace is that of the procedures. */
  static boolean isSystem(String[] namespace) {
    return Arrays.equals(namespace, new String[] {SYSTEM});
  }

  /** The namespaces of procedures that can be called now. */
  final String[][] callable() {
    return proceduresAreOn() ? new String[][] {{SYSTEM}} : new String[0][];
  }

  /** Overrides what Spark 4.1 has and 4.0 has not. */
  @SuppressWarnings("MissingOverride")
  public Identifier[] listProcedures(String[] namespace) {
    return isSystem(namespace) && proceduresAreOn()
        ? Procedures.all().stream()
            .map(command -> Identifier.of(namespace, command.name()))
            .toArray(Identifier[]::new)
        : new Identifier[0];
  }

  /** {@inheritDoc} A procedure that may not be called says why when it is. */
  @Override
  public UnboundProcedure loadProcedure(Identifier identifier) {
    try {
      if (!proceduresAreOn()) {
        throw TareException.usage(
            "Procedures of catalog '%s' write runs, and are off: set %s=true to call them"
                .formatted(name(), settings().key(PROCEDURES)));
      }
      if (!isSystem(identifier.namespace())) {
        throw TareException.usage(
            "Procedures are called as %s.%s.%s".formatted(name(), SYSTEM, identifier.name()));
      }
      return TareProcedure.named(name(), identifier.name());
    } catch (TareException e) {
      return TareProcedure.refused(identifier.name(), e);
    }
  }

  private boolean proceduresAreOn() {
    return settings()
        .in(SparkSession.active(), PROCEDURES, procedures)
        .filter(Boolean::parseBoolean)
        .isPresent();
  }

  private CatalogSettings settings() {
    return new CatalogSettings(name());
  }
}
