package dev.tare.jobs.relation;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.SubqueryAlias;
import scala.jdk.javaapi.CollectionConverters;

/** The tables of catalogs that a query reads, also by views and in subqueries. */
final class QueryTables {

  private static final String PLAIN = "[A-Za-z0-9_]+";

  private QueryTables() {}

  /** Their full names as SQL writes them, sorted. */
  static Set<String> of(Dataset<Row> query) {
    Set<String> names = new TreeSet<>();
    QueryPlan.of(query).ifPresent(plan -> collect(plan, names));
    return names;
  }

  private static void collect(LogicalPlan plan, Set<String> names) {
    // Spark names what it found in a catalog by an alias with catalog and database; names that the
    // query gives have neither.
    if (plan instanceof SubqueryAlias alias
        && alias.child().children().isEmpty()
        && !alias.identifier().qualifier().isEmpty()) {
      List<String> parts =
          new ArrayList<>(CollectionConverters.asJava(alias.identifier().qualifier()));
      parts.add(alias.identifier().name());
      names.add(String.join(".", parts.stream().map(QueryTables::quoted).toList()));
    }
    CollectionConverters.asJava(plan.children()).forEach(child -> collect(child, names));
    CollectionConverters.asJava(plan.subqueries()).forEach(query -> collect(query, names));
  }

  private static String quoted(String part) {
    return part.matches(PLAIN) ? part : "`" + part.replace("`", "``") + "`";
  }
}
