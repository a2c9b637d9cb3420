package dev.tare.engine.target;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import dev.tare.engine.quant.QuantType;
import dev.tare.engine.recipe.Format;
import dev.tare.engine.recipe.Mode;
import dev.tare.engine.recipe.TensorRule;
import dev.tare.engine.recipe.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a file under {@code conf/targets} says of a target; its README decodes the keys.
 *
 * @param name how commands call it
 * @param title how messages call it
 * @param description one sentence
 * @param recipe name of the recipe that a run takes for it, unless the user names one
 * @param modelFormat the one format of models that it reads; empty if it reads all that no other
 *     target claims
 * @param modes when numbers may become integers
 * @param formats how it can read weights of mode weight-only
 * @param minOpset oldest version of ONNX's standard operators in which it reads what is written
 * @param maxOpset newest version of ONNX's standard operators that it loads
 * @param bias how biases of static operators are held; empty if they stay float
 * @param calibrationCache header of the calibration cache that is written beside a model; empty if
 *     the target has no such file
 * @param products operands of its integer kernels; an operator that no entry names is not limited
 */
public record TargetData(
    String name,
    String title,
    String description,
    String recipe,
    Optional<String> modelFormat,
    List<Mode> modes,
    List<Format> formats,
    int minOpset,
    int maxOpset,
    Optional<BiasForm> bias,
    Optional<CacheHeader> calibrationCache,
    List<OperandTypes> products) {

  private static final int FORMAT_VERSION = 1;
  private static final String FOLDER = "dev/tare/targets/";
  private static final String CACHE = "calibration-cache";
  private static final String MODEL_FORMAT = "model-format";
  private static final Set<String> KEYS =
      Set.of(
          "format-version",
          "title",
          "description",
          "recipe",
          MODEL_FORMAT,
          "modes",
          "formats",
          "min-opset",
          "max-opset",
          "bias",
          CACHE,
          "products");

  public TargetData {
    modes = List.copyOf(modes);
    formats = List.copyOf(formats);
    products = List.copyOf(products);
  }

  /**
   * Reads the file of a target that is packed into the jar.
   *
   * @throws IllegalStateException if the file is missing or a key is unknown, missing or has no
   *     usable value: the build is broken
   */
  static TargetData load(String name) {
    try {
      return parse(
          name,
          ConfigFactory.parseResources(
              TargetData.class.getClassLoader(),
              FOLDER + name + ".conf",
              ConfigParseOptions.defaults().setAllowMissing(false)));
    } catch (ConfigException | IllegalArgumentException e) {
      throw new IllegalStateException("Invalid target '" + name + "': " + e.getMessage(), e);
    }
  }

  /**
   * @throws IllegalArgumentException if a key is unknown or has no usable value
   * @throws ConfigException if a key is missing or of another type
   */
  static TargetData parse(String name, Config config) {
    requireKnown(config, KEYS);
    int version = config.getInt("format-version");
    if (version != FORMAT_VERSION) {
      throw new IllegalArgumentException(
          "format-version is %d, expected %d".formatted(version, FORMAT_VERSION));
    }
    List<OperandTypes> products = new ArrayList<>();
    for (Config product : config.getConfigList("products")) {
      requireKnown(product, Set.of("operators", "inputs", "weights"));
      products.add(
          new OperandTypes(
              Set.copyOf(product.getStringList("operators")),
              operands(product.getConfigList("inputs")),
              operands(product.getConfigList("weights"))));
    }
    return new TargetData(
        name,
        config.getString("title"),
        config.getString("description"),
        config.getString("recipe"),
        config.hasPath(MODEL_FORMAT)
            ? Optional.of(config.getString(MODEL_FORMAT))
            : Optional.empty(),
        choices(Mode.class, config.getStringList("modes")),
        choices(Format.class, config.getStringList("formats")),
        config.getInt("min-opset"),
        config.getInt("max-opset"),
        config.hasPath("bias") ? Optional.of(bias(config.getConfig("bias"))) : Optional.empty(),
        config.hasPath(CACHE)
            ? Optional.of(cacheHeader(config.getConfig(CACHE)))
            : Optional.empty(),
        products);
  }

  private static CacheHeader cacheHeader(Config cache) {
    requireKnown(cache, Set.of("version", "algorithm"));
    return new CacheHeader(cache.getInt("version"), cache.getString("algorithm"));
  }

  private static BiasForm bias(Config bias) {
    requireKnown(bias, Set.of("type", "max-code", "max-growth"));
    return new BiasForm(
        choice(QuantType.class, bias.getString("type")),
        bias.getDouble("max-code"),
        (float) bias.getDouble("max-growth"));
  }

  /** Returns why no operator can be quantized in a mode; empty if the target has the mode. */
  Optional<String> againstMode(Mode mode) {
    return modes.contains(mode)
        ? Optional.empty()
        : Optional.of(title + " has no mode " + Words.of(mode));
  }

  /** Why no integer kernel multiplies what a recipe wants for a static operator, or nothing. */
  Optional<String> againstOperands(String opType, TensorRule input, TensorRule weight) {
    return products.stream()
        .filter(product -> product.operators().contains(opType))
        .filter(product -> !product.takesInput(input) || !product.takesWeight(weight))
        .findFirst()
        .map(
            product ->
                product.takesInput(input)
                    ? against(opType, "weights", product.weights(), weight)
                    : against(opType, "inputs", product.inputs(), input));
  }

  private String against(
      String opType, String what, List<OperandTypes.Operand> taken, TensorRule wanted) {
    if (taken.isEmpty()) {
      return "%s computes %s in float".formatted(title, opType);
    }
    return "%s computes %s in integers with %s %s only, and the recipe has %s"
        .formatted(title, opType, OperandTypes.words(taken), what, OperandTypes.words(wanted));
  }

  private static List<OperandTypes.Operand> operands(List<? extends Config> list) {
    List<OperandTypes.Operand> operands = new ArrayList<>();
    for (Config operand : list) {
      requireKnown(operand, Set.of("type", "symmetric"));
      operands.add(
          new OperandTypes.Operand(
              choice(QuantType.class, operand.getString("type")),
              operand.hasPath("symmetric") && operand.getBoolean("symmetric")));
    }
    return operands;
  }

  private static <E extends Enum<E>> List<E> choices(Class<E> type, List<String> words) {
    return words.stream().map(word -> choice(type, word)).toList();
  }

  private static <E extends Enum<E>> E choice(Class<E> type, String word) {
    List<E> all = List.of(type.getEnumConstants());
    return Words.find(word, all)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'%s' is not one of %s".formatted(word, all.stream().map(Words::of).toList())));
  }

  private static void requireKnown(Config config, Set<String> known) {
    for (String key : config.root().keySet()) {
      if (!known.contains(key)) {
        throw new IllegalArgumentException(
            "unknown key '%s'; known are %s".formatted(key, new TreeSet<>(known)));
      }
    }
  }
}
