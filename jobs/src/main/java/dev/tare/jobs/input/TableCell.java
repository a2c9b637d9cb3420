package dev.tare.jobs.input;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import scala.jdk.javaapi.CollectionConverters;

/** Converts a cell of a table in text to what {@link CellReader.Lists} reads from Parquet. */
final class TableCell {

  private TableCell() {}

  /**
   * A number, a boolean, lists of them to any depth, or null. A plain value for an input of one
   * dimension is a list of one, since tables have a column for each feature.
   *
   * @param cell of {@link TableRecords}; a text is parsed as JSON
   * @throws BadRowException if a value is of another type, or lists differ in depth
   */
  static Object of(InputSpec spec, JsonNode cell) throws BadRowException {
    JsonNode value = cell.isTextual() ? parsed(spec, cell.textValue().strip()) : cell;
    if (value.isNull()) {
      return null;
    }
    int depth = 0;
    for (JsonNode inner = value; inner != null && inner.isArray(); inner = inner.get(0)) {
      depth++;
    }
    Object converted = convert(spec, value, depth);
    return depth == 0 && spec.rank() == 1
        ? CollectionConverters.asScala(List.of(converted)).toSeq()
        : converted;
  }

  private static JsonNode parsed(InputSpec spec, String text) throws BadRowException {
    boolean bool = spec.dtype() == DType.BOOL;
    // Python writes True and False.
    return TableRecords.parse(
        bool ? text.toLowerCase(Locale.ROOT) : text, "the value of input '" + spec.name() + "'");
  }

  private static Object convert(InputSpec spec, JsonNode value, int depth) throws BadRowException {
    if (value.isNull()) {
      return null;
    }
    if (value.isArray() != depth > 0) {
      throw bad(spec, Reason.RAGGED, "is ragged: lists beside plain values");
    }
    if (depth == 0) {
      return scalar(spec, value);
    }
    List<Object> list = new ArrayList<>(value.size());
    for (JsonNode element : value) {
      list.add(convert(spec, element, depth - 1));
    }
    return CollectionConverters.asScala(list).toSeq();
  }

  private static Object scalar(InputSpec spec, JsonNode value) throws BadRowException {
    boolean number = value.isNumber();
    switch (spec.dtype()) {
      case BOOL -> {
        if (value.isBoolean()) {
          return value.booleanValue();
        }
      }
      case FLOAT32 -> {
        if (number) {
          return value.floatValue();
        }
      }
      case FLOAT64 -> {
        if (number) {
          return value.doubleValue();
        }
      }
      default -> {
        if (value.isIntegralNumber() && value.canConvertToLong()) {
          return value.longValue();
        }
      }
    }
    throw bad(
        spec,
        number ? Reason.RANGE : Reason.MALFORMED,
        "contains %s, which is not a value of %s"
            .formatted(excerpt(value.toString()), spec.dtype()));
  }

  private static String excerpt(String value) {
    return value.length() <= 40 ? value : value.substring(0, 40) + "...";
  }

  private static BadRowException bad(InputSpec spec, Reason reason, String what) {
    return new BadRowException(reason, "input '" + spec.name() + "' " + what);
  }
}
