package dev.tare.engine.tflite;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.lite.schema.BuiltinOptions;

/**
 * Tables of TensorFlow Lite's schema as far as Tare reads them, in the order of their fields.
 *
 * <p>A field is written as {@code name:size} for a number of so many bytes, {@code name:[size]} for
 * a vector of such numbers, {@code name:text} for UTF-8, {@code name:[TABLE]} for a vector of
 * tables, {@code name:TABLE} for one table, and {@code name:?} for the options of an operator,
 * whose type is in the field before. A name of {@code -} is a field of the schema that no model of
 * Tare's may fill.
 *
 * @see <a
 *     href="https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs">schema.fbs</a>
 */
enum FlatTable {
  MODEL(
      "version:4 operator_codes:[OPERATOR_CODE] subgraphs:[SUBGRAPH] description:text"
          + " buffers:[BUFFER] metadata_buffer:[4] metadata:[METADATA]"
          + " signature_defs:[SIGNATURE]"),
  OPERATOR_CODE("deprecated_builtin_code:1 custom_code:text version:4 builtin_code:4"),
  SUBGRAPH("tensors:[TENSOR] inputs:[4] outputs:[4] operators:[OPERATOR] name:text"),
  TENSOR(
      "shape:[4] type:1 buffer:4 name:text quantization:QUANTIZATION is_variable:1 -:4"
          + " shape_signature:[4] has_rank:1 -:4"),
  QUANTIZATION("min:[4] max:[4] scale:[4] zero_point:[8] -:1 -:4 quantized_dimension:4"),
  OPERATOR(
      "opcode_index:4 inputs:[4] outputs:[4] builtin_options_type:1 builtin_options:?"
          + " custom_options:[1] custom_options_format:1 mutating_variable_inputs:[1]"
          + " intermediates:[4]"),
  BUFFER("data:[1] -:8 -:8"),
  METADATA("name:text buffer:4"),
  SIGNATURE("inputs:[TENSOR_MAP] outputs:[TENSOR_MAP] signature_key:text -:4 subgraph_index:4"),
  TENSOR_MAP("name:text tensor_index:4");

  /** A name of a field that must be absent. */
  static final String UNSUPPORTED = "-";

  /** What a field contains. */
  enum Kind {
    NUMBER,
    NUMBERS,
    TEXT,
    TABLE,
    TABLES,
    OPTIONS
  }

  /**
   * A field of a table.
   *
   * @param size bytes of a number; 4 where the table has an offset
   * @param table name of the table that it leads to; empty for others
   */
  record Field(String name, Kind kind, int size, String table) {

    static Field parse(String text) {
      int colon = text.indexOf(':');
      String name = text.substring(0, colon);
      String type = text.substring(colon + 1);
      boolean vector = type.startsWith("[");
      String of = vector ? type.substring(1, type.length() - 1) : type;
      if (of.equals("text")) {
        return new Field(name, Kind.TEXT, 1, "");
      }
      if (of.equals("?")) {
        return new Field(name, Kind.OPTIONS, 4, "");
      }
      if (Character.isDigit(of.charAt(0))) {
        return new Field(name, vector ? Kind.NUMBERS : Kind.NUMBER, Integer.parseInt(of), "");
      }
      return new Field(name, vector ? Kind.TABLES : Kind.TABLE, 4, of);
    }
  }

  /** Options with vectors, by the number of their type; all others are numbers alone. */
  private static final Map<Byte, String> OPTIONS_WITH_VECTORS =
      Map.of(
          BuiltinOptions.ReshapeOptions, "new_shape:[4]",
          BuiltinOptions.SqueezeOptions, "squeeze_dims:[4]",
          BuiltinOptions.ConcatEmbeddingsOptions, "num_channels:4 -:4 -:4",
          BuiltinOptions.BucketizeOptions, "boundaries:[4]",
          BuiltinOptions.VarHandleOptions, "-:4 -:4");

  private static final Map<FlatTable, List<Field>> FIELDS = fieldsOfAll();

  private final String text;

  FlatTable(String text) {
    this.text = text;
  }

  private static Map<FlatTable, List<Field>> fieldsOfAll() {
    Map<FlatTable, List<Field>> all = new EnumMap<>(FlatTable.class);
    for (FlatTable table : values()) {
      all.put(table, parse(table.text));
    }
    return all;
  }

  List<Field> fields() {
    return FIELDS.get(this);
  }

  /** The fields of options that have more than numbers; no fields where it has only numbers. */
  static List<Field> options(int type) {
    return parse(OPTIONS_WITH_VECTORS.getOrDefault((byte) type, ""));
  }

  private static List<Field> parse(String text) {
    List<Field> fields = new ArrayList<>();
    for (String field : text.split(" ", -1)) {
      if (!field.isEmpty()) {
        fields.add(Field.parse(field));
      }
    }
    return List.copyOf(fields);
  }
}
