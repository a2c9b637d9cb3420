package dev.tare.jobs.sql;

import dev.tare.jobs.TareException;
import org.apache.spark.sql.connector.catalog.CatalogPlugin;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** What a catalog lacks on Spark 3.5: procedures. */
abstract class LineCatalog implements CatalogPlugin {

  private static final String PROCEDURES = "procedures";

  /**
   * Refuses a catalog that shall have procedures.
   *
   * @throws TareException (usage) if the options ask for them
   */
  final void initializeProcedures(CaseInsensitiveStringMap options) {
    if (options.getBoolean(PROCEDURES, false)) {
      throw TareException.usage(
          ("Spark 3.5 has no procedures (CALL): leave out %s, and use the subcommands of tare;"
                  + " functions and tables are there")
              .formatted(new CatalogSettings(name()).key(PROCEDURES)));
    }
  }

  /** Whether a namespace is that of the procedures: there are none. */
  static boolean isSystem(String[] namespace) {
    return false;
  }

  /** The namespaces of procedures that can be called now: none. */
  final String[][] callable() {
    return new String[0][];
  }
}
