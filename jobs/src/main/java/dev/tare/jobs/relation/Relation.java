package dev.tare.jobs.relation;

import dev.tare.jobs.TareException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What {@code --data} names in a Spark session instead of files: {@code table:NAME}, a table of a
 * catalog or a view, also as it was ({@code table:NAME@version=V}, {@code table:NAME@timestamp=T},
 * for formats that keep versions), or {@code sql:QUERY}.
 *
 * @param table whether {@code text} is a name; otherwise it is a query
 * @param text the name as SQL writes it, or the query; not blank
 * @param at which version of the table; empty for the current one
 */
public record Relation(boolean table, String text, Optional<At> at) {

  private static final String TABLE = "table:";
  private static final String SQL = "sql:";
  private static final Pattern AT = Pattern.compile("(.*)@(version|timestamp)=([^@]*)");

  /** Characters of a query that messages and tables show. */
  private static final int SHOWN = 80;

  /**
   * A version of a table.
   *
   * @param key {@code version} or {@code timestamp}
   * @param value as the format writes it: a number or the name of a branch, or a time
   */
  public record At(String key, String value) {

    /** What follows the name of a table. */
    private String sql() {
      String literal = value.replace("\\", "\\\\").replace("'", "\\'");
      return " %s AS OF '%s'".formatted(key.toUpperCase(Locale.ROOT), literal);
    }

    @Override
    public String toString() {
      return "@" + key + "=" + value;
    }
  }

  /** Whether a text names a relation rather than files. */
  public static boolean isNamedBy(String data) {
    return data.startsWith(TABLE) || data.startsWith(SQL);
  }

  /**
   * Parses what {@code --data} names.
   *
   * @return empty if it names files
   * @throws TareException (usage) if name, version or query is missing
   */
  public static Optional<Relation> parse(String data) {
    if (!isNamedBy(data)) {
      return Optional.empty();
    }
    boolean table = data.startsWith(TABLE);
    String text = data.substring(data.indexOf(':') + 1).strip();
    Matcher versioned = AT.matcher(text);
    Optional<At> at = Optional.empty();
    if (table && versioned.matches()) {
      at = Optional.of(new At(versioned.group(2), versioned.group(3).strip()));
      text = versioned.group(1).strip();
    }
    if (text.isEmpty() || at.filter(version -> version.value().isEmpty()).isPresent()) {
      throw TareException.usage(
          "Cannot read '%s': write table:NAME, table:NAME@version=V, table:NAME@timestamp=T or sql:SELECT ..."
              .formatted(data));
    }
    return Optional.of(new Relation(table, text, at));
  }

  /**
   * Resolves the relation in a session, so that a view is planned anew; runs no job of its own.
   * Vectors of Spark ML are arrays of floats.
   *
   * @throws TareException (bad input) if it is not there, is no query, or cannot be planned
   */
  public Dataset<Row> read(SparkSession spark) {
    try {
      return VectorColumns.asArrays(planned(spark));
    } catch (Exception e) {
      // Spark throws its checked exceptions from methods that declare none.
      throw RelationFailure.of(this, e);
    }
  }

  private Dataset<Row> planned(SparkSession spark) {
    if (table) {
      // By options of a reader Spark 3.5 reads the current version, whatever they say.
      return at.map(version -> spark.sql("SELECT * FROM " + text + version.sql()))
          .orElseGet(() -> spark.table(text));
    }
    // In parentheses only queries are valid, so no statement that changes anything; the line ends
    // because a comment may be the last.
    return spark.sql("SELECT * FROM (" + text.replaceFirst(";\\s*$", "") + "\n)");
  }

  /**
   * The same at the current version, if it is a table of a format that keeps versions, so that all
   * readings of a run see the same rows while others write.
   */
  public Relation pinned(SparkSession spark) {
    return table && at.isEmpty()
        ? TableVersion.current(spark, text)
            .map(version -> new Relation(true, text, Optional.of(new At("version", version))))
            .orElse(this)
        : this;
  }

  /**
   * The folder of a table's files; empty for queries, views, and where a table does not tell it.
   */
  public Optional<URI> place(SparkSession spark) {
    return table ? TableVersion.place(spark, text) : Optional.empty();
  }

  /**
   * The tables that a query reads, each with its name in full; empty for a table, and where the
   * session does not tell.
   */
  public List<Relation> tables(SparkSession spark) {
    if (table) {
      return List.of();
    }
    try {
      return QueryTables.of(read(spark)).stream()
          .map(name -> new Relation(true, name, Optional.empty()))
          .toList();
    } catch (RuntimeException e) {
      // The run has read it already.
      return List.of();
    }
  }

  /** As {@code --data} takes it. */
  @Override
  public String toString() {
    return (table ? TABLE : SQL) + text + at.map(At::toString).orElse("");
  }

  /** On one line, a long query cut. */
  public String shown() {
    String line = toString().replaceAll("\\s+", " ");
    return line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "...";
  }

  /** As a manifest names it; characters that a URI may not have are escaped. */
  public URI uri() {
    String all = toString();
    int colon = all.indexOf(':');
    try {
      return new URI(all.substring(0, colon), all.substring(colon + 1), null);
    } catch (URISyntaxException e) {
      throw TareException.usage("Not a table or query: '%s' (%s)".formatted(all, e.getMessage()));
    }
  }
}
