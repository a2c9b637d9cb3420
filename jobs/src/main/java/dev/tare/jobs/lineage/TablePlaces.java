package dev.tare.jobs.lineage;

import dev.tare.jobs.relation.Relation;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** Where the files of tables are, by which OpenLineage knows them whatever their catalog. */
public interface TablePlaces {

  /** The folder of a table's files; empty for views, and where it is not known. */
  Optional<URI> of(Relation relation);

  /** The tables that a query reads; empty where they are not known. */
  List<Relation> read(Relation query);
}
