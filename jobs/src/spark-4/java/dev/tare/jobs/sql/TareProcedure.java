package dev.tare.jobs.sql;

import dev.tare.engine.recipe.Nearest;
import dev.tare.jobs.TareException;
import dev.tare.jobs.cli.Subcommand;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.procedures.BoundProcedure;
import org.apache.spark.sql.connector.catalog.procedures.ProcedureParameter;
import org.apache.spark.sql.connector.catalog.procedures.UnboundProcedure;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A subcommand as a procedure: every argument is text or a literal that casts to text, and checked
 * as the command line checks it.
 *
 * @param catalog name of the catalog, for messages
 */
record TareProcedure(String catalog, Subcommand command) implements UnboundProcedure {

  /** A file that may have the arguments that a call lacks. */
  private static final String CONFIG = "config";

  @Override
  public String name() {
    return command.name();
  }

  @Override
  public String description() {
    return command.description();
  }

  /**
   * {@inheritDoc}
   *
   * @throws TareException (usage) if an argument is not one of the subcommand's
   */
  @Override
  public BoundProcedure bind(StructType given) {
    List<String> known = command.arguments().stream().map(Subcommand.Argument::name).toList();
    Map<String, DataType> types = new TreeMap<>();
    for (StructField field : given.fields()) {
      if (field.metadata().contains(ProcedureParameter.BY_NAME_METADATA_KEY)) {
        String name = field.name().toLowerCase(Locale.ROOT);
        types.put(name, field.dataType());
        if (!known.contains(name)) {
          throw TareException.usage(
              "%s.system.%s has no argument '%s'%s; it has %s"
                  .formatted(
                      catalog,
                      name(),
                      field.name(),
                      Nearest.to(name, known).map("; did you mean '%s'?"::formatted).orElse(""),
                      String.join(", ", known)));
        }
      }
    }
    return new Bound(this, types);
  }

  /**
   * The procedure for the types of a call.
   *
   * @param types of the arguments that were named
   */
  private record Bound(TareProcedure procedure, Map<String, DataType> types)
      implements BoundProcedure {

    @Override
    public String name() {
      return procedure.name();
    }

    @Override
    public String description() {
      return procedure.description();
    }

    @Override
    public boolean isDeterministic() {
      return false;
    }

    @Override
    public ProcedureParameter[] parameters() {
      return procedure.command.arguments().stream()
          .map(this::parameter)
          .toArray(ProcedureParameter[]::new);
    }

    private ProcedureParameter parameter(Subcommand.Argument argument) {
      DataType type =
          argument.many() && types.get(argument.name()) instanceof ArrayType
              ? DataTypes.createArrayType(DataTypes.StringType)
              : DataTypes.StringType;
      // Missing ones are found by the command line, which says what they are for.
      return ProcedureParameter.in(argument.name(), type)
          .comment(argument.description())
          .defaultValue("NULL")
          .build();
    }

    @Override
    public Iterator<Scan> call(InternalRow row) {
      SparkSession spark = SparkSession.active();
      List<Subcommand.Argument> arguments = procedure.command.arguments();
      Map<String, List<String>> values = new TreeMap<>();
      for (int i = 0; i < arguments.size(); i++) {
        if (!row.isNullAt(i)) {
          boolean many = parameter(arguments.get(i)).dataType() instanceof ArrayType;
          values.put(
              arguments.get(i).name(),
              many ? texts(row.getArray(i)) : List.of(row.getUTF8String(i).toString()));
        }
      }
      if (!values.containsKey(CONFIG)) {
        requireAll(arguments, values);
      }
      return List.of(new ProcedureCall(procedure.command, values).run(spark)).iterator();
    }

    private void requireAll(List<Subcommand.Argument> arguments, Map<String, List<String>> values) {
      String missing =
          arguments.stream()
              .filter(argument -> argument.required() && !values.containsKey(argument.name()))
              .map(argument -> "'%s' (%s)".formatted(argument.name(), argument.description()))
              .collect(Collectors.joining(", "));
      if (!missing.isEmpty()) {
        throw TareException.usage(
            "%s.system.%s needs %s".formatted(procedure.catalog, name(), missing));
      }
    }

    private static List<String> texts(ArrayData array) {
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < array.numElements(); i++) {
        if (!array.isNullAt(i)) {
          texts.add(array.getUTF8String(i).toString());
        }
      }
      return texts;
    }
  }

  /**
   * The procedure of a name.
   *
   * @throws TareException (usage) if there is none, with the names that there are
   */
  static TareProcedure named(String catalog, String name) {
    List<Subcommand> all = Procedures.all();
    Optional<Subcommand> found =
        all.stream().filter(command -> command.name().equalsIgnoreCase(name)).findFirst();
    return new TareProcedure(
        catalog,
        found.orElseThrow(
            () ->
                TareException.usage(
                    "No procedure %s.system.%s; there are %s"
                        .formatted(
                            catalog,
                            name,
                            all.stream()
                                .map(Subcommand::name)
                                .collect(Collectors.joining(", "))))));
  }

  /** A procedure that cannot be called, and says why: Spark hides why one cannot be loaded. */
  static UnboundProcedure refused(String name, TareException why) {
    return new Refused(name, why);
  }

  private record Refused(String name, TareException why) implements UnboundProcedure {
    @Override
    public String description() {
      return why.getMessage();
    }

    @Override
    public BoundProcedure bind(StructType given) {
      throw why;
    }
  }
}
