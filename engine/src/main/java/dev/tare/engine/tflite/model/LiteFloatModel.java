package dev.tare.engine.tflite.model;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.model.ModelSink;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.model.WritableModel;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.target.NamedPlacement;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tflite.LiteModel;
import dev.tare.engine.tflite.LiteOperator;
import dev.tare.engine.tflite.LiteTensor;
import dev.tare.engine.tflite.view.LiteGraph;
import dev.tare.engine.tflite.write.FakeQuantizedModel;
import dev.tare.engine.tflite.write.IntegerModel;
import dev.tare.engine.tflite.write.IntegerModel.Ends;
import dev.tare.engine.tflite.write.OwnBiases;
import dev.tare.engine.tflite.write.WidenedModel;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntFunction;

/** A TensorFlow Lite model with the interface that all formats share. */
public final class LiteFloatModel implements FloatModel {

  private static final String EXTENSION = ".tflite";

  /** Operators whose results have a shape that depends on values. */
  private static final Set<String> SHAPED_BY_VALUES =
      Set.of("WHERE", "UNIQUE", "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5", "RANGE");

  private final LiteModel model;
  private final Set<DType> widened;

  private LiteFloatModel(LiteModel model, Set<DType> widened) {
    this.model = model;
    this.widened = widened;
  }

  /** A model as it is. */
  public static LiteFloatModel of(LiteModel model) {
    return new LiteFloatModel(model, Set.of());
  }

  /** A model whose float16 constants are float32. */
  public static LiteFloatModel widened(LiteModel model) {
    LiteModel widened = WidenedModel.of(model);
    return new LiteFloatModel(widened, widened == model ? Set.of() : Set.of(DType.FLOAT16));
  }

  @Override
  public Set<DType> widened() {
    return widened;
  }

  @Override
  public String name() {
    return model.name();
  }

  @Override
  public List<TensorInfo> inputs() {
    return infos(model.inputs());
  }

  @Override
  public List<TensorInfo> outputs() {
    return infos(model.outputs());
  }

  private static List<TensorInfo> infos(List<LiteTensor> tensors) {
    return tensors.stream()
        .map(tensor -> new TensorInfo(tensor.name(), tensor.dtype(), Optional.of(tensor.dims())))
        .toList();
  }

  @Override
  public Map<String, String> origin() {
    Map<String, String> origin = new LinkedHashMap<>();
    origin.put("format", "TensorFlow Lite");
    if (!model.description().isEmpty()) {
      origin.put("description", model.description());
    }
    if (!model.signatures().isEmpty()) {
      origin.put("signatures", String.join(", ", model.signatures().keySet()));
    }
    if (!widened.isEmpty()) {
      origin.put("widened to float32", "FLOAT16");
    }
    return Collections.unmodifiableMap(origin);
  }

  @Override
  public long parameterCount() {
    return model.tensors().stream()
        .filter(t -> t.constant())
        .filter(t -> t.quantized() || t.dtype().filter(DType::isFloat).isPresent())
        .mapToLong(tensor -> tensor.shape().size())
        .sum();
  }

  @Override
  public SortedMap<String, Integer> operatorCounts() {
    SortedMap<String, Integer> counts = new TreeMap<>();
    model.operators().forEach(operator -> counts.merge(operator.type(), 1, Integer::sum));
    return counts;
  }

  @Override
  public boolean shapesFollowValues() {
    return model.operators().stream().anyMatch(o -> SHAPED_BY_VALUES.contains(o.type()));
  }

  @Override
  public OptionalLong tableRows(String input) {
    for (LiteOperator operator : model.operators()) {
      boolean lookup = operator.type().equals("EMBEDDING_LOOKUP");
      if (lookup || operator.type().equals("GATHER")) {
        int ids = operator.input(lookup ? 0 : 1);
        int table = operator.input(lookup ? 1 : 0);
        if (ids >= 0
            && table >= 0
            && model.tensors().get(ids).name().equals(input)
            && model.tensors().get(table).constant()
            && model.tensors().get(table).shape().rank() > 0) {
          return OptionalLong.of(model.tensors().get(table).shape().dim(0));
        }
      }
    }
    return OptionalLong.empty();
  }

  @Override
  public Set<String> classOutputs() {
    Set<String> classes = new TreeSet<>();
    Set<LiteTensor> outputs = Set.copyOf(model.outputs());
    for (LiteOperator operator : model.operators()) {
      LiteTensor made = model.tensors().get(operator.outputs().get(0));
      if (operator.type().equals("SOFTMAX") && outputs.contains(made)) {
        classes.add(made.name());
      }
    }
    return classes;
  }

  @Override
  public List<String> requireQuantizable() {
    for (LiteTensor tensor : model.tensors()) {
      if (tensor.quantized()) {
        throw new InvalidModelException(
            name(),
            "it is quantized already: tensor '%s' has a scale; use the float model"
                .formatted(tensor.name()));
      }
      if (tensor.constant() && tensor.dtype().filter(DType.FLOAT16::equals).isPresent()) {
        throw new InvalidModelException(
            name(),
            "constant '%s' is float16, and no Dequantize widens it".formatted(tensor.name()));
      }
    }
    for (LiteOperator operator : model.operators()) {
      if (operator.type().startsWith("CUSTOM") || operator.type().startsWith("DELEGATE")) {
        throw new InvalidModelException(
            name(),
            "operator '%s' is %s: operators outside of TensorFlow Lite's own, Flex among them, cannot be quantized"
                .formatted(operator.name(), operator.type()));
      }
    }
    return widened.isEmpty()
        ? List.of()
        : List.of("its float16 weights are widened to float32, also in what comes out");
  }

  @Override
  public void requireWritable() {}

  @Override
  public FloatModel prepared() {
    LiteModel prepared = OwnBiases.of(model);
    return prepared == model ? this : new LiteFloatModel(prepared, widened);
  }

  @Override
  public ModelGraph graph() {
    return LiteGraph.of(model);
  }

  @Override
  public FloatModel exposing(SortedSet<String> tensors) {
    return of(model.exposing(tensors));
  }

  @Override
  public WritableModel quantized(QuantPlan plan, Function<TensorPlan, ByteBuffer> codes) {
    boolean integers =
        plan.placement().filter(NamedPlacement.INTEGER_ENDS.name()::equals).isPresent();
    return of(IntegerModel.of(model, plan, codes, integers ? Ends.INTEGER : Ends.FLOAT));
  }

  @Override
  public WritableModel dequantized(
      QuantPlan plan, Function<TensorPlan, ByteBuffer> codes, IntFunction<ByteBuffer> memory) {
    return of(FakeQuantizedModel.of(model, plan, codes, memory));
  }

  @Override
  public void write(String stem, ModelSink files) throws IOException {
    try (OutputStream out = files.create(stem + EXTENSION)) {
      model.writeTo(out);
    }
  }

  /** With every tensor under its unique name, by which a session finds it. */
  @Override
  public ModelFile writeLocal(Path folder, Path origin) throws IOException {
    Path file = folder.resolve(model.name());
    try (OutputStream out = Files.newOutputStream(file)) {
      model.exposing(List.of()).writeTo(out);
    }
    return ModelFile.of(file);
  }
}
