package dev.tare.jobs.formats;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.model.ModelSink;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.model.WritableModel;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.recipe.Role;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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

/** Layers in a row, float or quantized, with named tensors between them. */
public final class LinearModel implements FloatModel {

  static final String LAYERS = "linear-layers";
  static final String OPERATOR = "Gemm";

  /** Whether the model is written as a folder. */
  static final String IN_FOLDER = "in-folder";

  static final String OWN_FILE = "linear.json";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final String name;
  private final ObjectNode json;
  private final List<Layer> layers = new ArrayList<>();

  private LinearModel(String name, JsonNode json) {
    this.name = name;
    this.json = (ObjectNode) json;
    String input = json.path("input").asText();
    for (JsonNode layer : json.path(LAYERS)) {
      layers.add(new Layer(layer, input));
      input = layers.get(layers.size() - 1).output();
    }
    if (layers.isEmpty()) {
      throw new InvalidModelException(name, "it has no layers");
    }
  }

  public static LinearModel read(Path file, String name) throws IOException {
    return of(document(file), file.toAbsolutePath().getParent(), name);
  }

  static JsonNode document(Path file) throws IOException {
    return MAPPER.readTree(file.toFile());
  }

  /** Files of layers that stand beside the model's own, by name. */
  static SortedMap<String, String> files(JsonNode document) {
    SortedMap<String, String> files = new TreeMap<>();
    for (JsonNode layer : document.path(LAYERS)) {
      if (layer.isTextual()) {
        files.put(layer.asText(), "a layer");
      }
    }
    return files;
  }

  static LinearModel of(JsonNode document, Path folder, String name) throws IOException {
    ObjectNode whole = document.deepCopy();
    ArrayNode layers = whole.putArray(LAYERS);
    for (JsonNode layer : document.path(LAYERS)) {
      layers.add(layer.isTextual() ? document(folder.resolve(layer.asText())) : layer);
    }
    return new LinearModel(name, whole);
  }

  List<Layer> layers() {
    return layers;
  }

  /** Names of the tensors that it gives out, in order. */
  List<String> given() {
    List<String> given = new ArrayList<>();
    json.path("outputs").forEach(output -> given.add(output.asText()));
    return given;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<TensorInfo> inputs() {
    return List.of(info(layers.get(0).input(), layers.get(0).in()));
  }

  @Override
  public List<TensorInfo> outputs() {
    return layers.stream()
        .filter(layer -> given().contains(layer.output()))
        .map(layer -> info(layer.output(), layer.out()))
        .toList();
  }

  private static TensorInfo info(String tensor, long width) {
    return new TensorInfo(
        tensor,
        Optional.of(DType.FLOAT32),
        Optional.of(List.of(Dim.symbol("batch"), Dim.fixed(width))));
  }

  @Override
  public Map<String, String> origin() {
    return Map.of("producer", "a test");
  }

  @Override
  public long parameterCount() {
    return layers.stream().mapToLong(layer -> (layer.in() + 1L) * layer.out()).sum();
  }

  @Override
  public SortedMap<String, Integer> operatorCounts() {
    return new TreeMap<>(Map.of(OPERATOR, layers.size()));
  }

  @Override
  public boolean shapesFollowValues() {
    return false;
  }

  @Override
  public OptionalLong tableRows(String input) {
    return OptionalLong.empty();
  }

  @Override
  public Set<String> classOutputs() {
    return Set.of();
  }

  @Override
  public List<String> requireQuantizable() {
    if (layers.stream().anyMatch(Layer::quantized)) {
      throw new InvalidModelException(name, "it is quantized already");
    }
    return List.of();
  }

  @Override
  public void requireWritable() {}

  @Override
  public FloatModel prepared() {
    return this;
  }

  @Override
  public ModelGraph graph() {
    return new LinearGraph(this);
  }

  @Override
  public FloatModel exposing(SortedSet<String> tensors) {
    ObjectNode copy = json.deepCopy();
    Set<String> more = new TreeSet<>(tensors);
    more.removeAll(given());
    ArrayNode outputs = copy.withArray("outputs");
    more.forEach(outputs::add);
    return new LinearModel(name, copy);
  }

  @Override
  public WritableModel quantized(QuantPlan plan, Function<TensorPlan, ByteBuffer> codes) {
    return with(plan, codes, true);
  }

  @Override
  public WritableModel dequantized(
      QuantPlan plan, Function<TensorPlan, ByteBuffer> codes, IntFunction<ByteBuffer> memory) {
    return with(plan, codes, false);
  }

  private LinearModel with(
      QuantPlan plan, Function<TensorPlan, ByteBuffer> codes, boolean activations) {
    ObjectNode copy = json.deepCopy();
    for (int i = 0; i < layers.size(); i++) {
      ObjectNode layer = (ObjectNode) copy.path(LAYERS).path(i);
      for (TensorPlan tensor : plan.tensors()) {
        if (!tensor.quantized() || !tensor.consumers().contains(layers.get(i).name())) {
          continue;
        }
        if (tensor.role() == Role.ACTIVATION) {
          if (activations) {
            layer
                .putObject("input")
                .put("scale", tensor.scales()[0])
                .put("zero-point", tensor.zeroPoints()[0])
                .put("qmin", tensor.limits().qmin())
                .put("qmax", tensor.limits().qmax());
          }
        } else {
          constant(
              layer.putObject(tensor.role() == Role.WEIGHT ? "weight" : "bias"),
              tensor,
              codes.apply(tensor));
        }
      }
    }
    return new LinearModel(name, copy);
  }

  private static void constant(ObjectNode node, TensorPlan plan, ByteBuffer codes) {
    ByteBuffer integers = codes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    ArrayNode numbers = node.putArray("codes");
    while (integers.hasRemaining()) {
      numbers.add(plan.role() == Role.BIAS ? integers.getInt() : integers.get());
    }
    ArrayNode scales = node.putArray("scales");
    for (float scale : plan.scales()) {
      scales.add(scale);
    }
    ArrayNode zeroPoints = node.putArray("zero-points");
    for (int zeroPoint : plan.zeroPoints()) {
      zeroPoints.add(zeroPoint);
    }
  }

  @Override
  public void write(String stem, ModelSink files) throws IOException {
    if (json.path(IN_FOLDER).asBoolean()) {
      writeFolder(stem, files);
    } else {
      write(json, stem + ".linear", files);
    }
  }

  private void writeFolder(String folder, ModelSink files) throws IOException {
    ObjectNode own = json.deepCopy();
    ArrayNode names = own.putArray(LAYERS);
    int count = json.path(LAYERS).size();
    for (int i = 0; i < count; i++) {
      names.add(String.format(Locale.ROOT, "layer-%05d-of-%05d.json", i + 1, count));
      write(json.path(LAYERS).get(i), folder + "/" + names.get(i).asText(), files);
    }
    write(own, folder + "/" + OWN_FILE, files);
  }

  private static void write(JsonNode json, String file, ModelSink files) throws IOException {
    try (OutputStream out = files.create(file)) {
      out.write(MAPPER.writeValueAsBytes(json));
    }
  }

  @Override
  public ModelFile writeLocal(Path folder, Path origin) throws IOException {
    return ModelFile.of(Files.write(folder.resolve(name), MAPPER.writeValueAsBytes(json)));
  }
}
