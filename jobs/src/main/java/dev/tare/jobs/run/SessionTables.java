package dev.tare.jobs.run;

import dev.tare.jobs.lineage.TablePlaces;
import dev.tare.jobs.relation.Relation;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/** Where tables are, as the session's catalogs say. */
record SessionTables(SparkSession spark) implements TablePlaces {

  @Override
  public Optional<URI> of(Relation relation) {
    return relation.place(spark);
  }

  @Override
  public List<Relation> read(Relation query) {
    return query.tables(spark);
  }
}
