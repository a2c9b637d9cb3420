package dev.tare.engine.onnx.model;

import dev.tare.engine.graph.ModelGraph;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.ModelFile;
import dev.tare.engine.model.ModelSink;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.model.WritableModel;
import dev.tare.engine.onnx.ExposedOutputs;
import dev.tare.engine.onnx.ModelWriter;
import dev.tare.engine.onnx.OnnxModel;
import dev.tare.engine.onnx.Preflight;
import dev.tare.engine.onnx.SessionModel;
import dev.tare.engine.onnx.graph.HalfTypes;
import dev.tare.engine.onnx.opset.OpsetUpgrade;
import dev.tare.engine.onnx.prepare.GraphPreparation;
import dev.tare.engine.onnx.prepare.Widening;
import dev.tare.engine.onnx.view.EmbeddingTable;
import dev.tare.engine.onnx.view.OnnxGraph;
import dev.tare.engine.onnx.view.SoftmaxOutputs;
import dev.tare.engine.onnx.view.ValueShapes;
import dev.tare.engine.onnx.write.CorrectedModel;
import dev.tare.engine.onnx.write.DequantizedModel;
import dev.tare.engine.onnx.write.QdqRewriter;
import dev.tare.engine.onnx.write.SmoothedModel;
import dev.tare.engine.plan.CorrectedBias;
import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.plan.SmoothedInput;
import dev.tare.engine.plan.TensorPlan;
import dev.tare.engine.tensor.DType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** An ONNX model with the interface that all formats share. */
public final class OnnxFloatModel implements FloatModel {

  private static final String EXTENSION = ".onnx";
  private static final String DATA = ".data";

  private final OnnxModel model;
  private final Set<DType> widened;

  private OnnxFloatModel(OnnxModel model, Set<DType> widened) {
    this.model = model;
    this.widened = widened;
  }

  /** A model as it is. */
  public static OnnxFloatModel of(OnnxModel model) {
    return new OnnxFloatModel(model, Set.of());
  }

  /**
   * A model with all its floats in float32.
   *
   * @throws InvalidModelException if it is in half precision and cannot be widened
   */
  public static OnnxFloatModel widened(OnnxModel model) {
    return new OnnxFloatModel(Widening.widened(model), HalfTypes.in(model.graph()));
  }

  @Override
  public String name() {
    return model.name();
  }

  @Override
  public List<TensorInfo> inputs() {
    return model.inputs();
  }

  @Override
  public List<TensorInfo> outputs() {
    return model.outputs();
  }

  @Override
  public Map<String, String> origin() {
    Map<String, String> origin = new LinkedHashMap<>();
    origin.put("producer", model.producer());
    origin.put("opset", model.opsets().toString() + ", IR version " + model.irVersion());
    if (!widened.isEmpty()) {
      origin.put("widened to float32", names());
    }
    return Collections.unmodifiableMap(origin);
  }

  @Override
  public long parameterCount() {
    return model.parameterCount();
  }

  @Override
  public SortedMap<String, Integer> operatorCounts() {
    return model.operatorCounts();
  }

  @Override
  public boolean shapesFollowValues() {
    return ValueShapes.in(model);
  }

  @Override
  public OptionalLong tableRows(String input) {
    return EmbeddingTable.rows(model, input);
  }

  @Override
  public Set<String> classOutputs() {
    return SoftmaxOutputs.of(model);
  }

  private String names() {
    return widened.stream().map(DType::name).collect(Collectors.joining(" and "));
  }

  @Override
  public Set<DType> widened() {
    return widened;
  }

  @Override
  public List<String> requireQuantizable() {
    List<String> warnings = new ArrayList<>();
    if (!widened.isEmpty()) {
      warnings.add(
          "it is in half precision: %s is widened to float32, so inputs and outputs are float32 in what comes out"
              .formatted(names()));
    }
    warnings.addAll(Preflight.check(model));
    return List.copyOf(warnings);
  }

  @Override
  public void requireWritable() {
    if (model.opset() < OpsetUpgrade.CHANNELS) {
      OpsetUpgrade.upgrade(GraphPreparation.prepare(model));
    }
  }

  @Override
  public FloatModel prepared() {
    OnnxModel prepared = GraphPreparation.prepare(model);
    return prepared == model ? this : new OnnxFloatModel(prepared, widened);
  }

  @Override
  public FloatModel smoothed(List<SmoothedInput> inputs) {
    return inputs.isEmpty() ? this : new OnnxFloatModel(SmoothedModel.of(model, inputs), widened);
  }

  @Override
  public FloatModel corrected(List<CorrectedBias> biases) {
    return biases.stream().noneMatch(CorrectedBias::corrects)
        ? this
        : of(CorrectedModel.of(model, biases));
  }

  @Override
  public ModelGraph graph() {
    return OnnxGraph.of(model);
  }

  @Override
  public FloatModel exposing(SortedSet<String> tensors) {
    return of(ExposedOutputs.expose(model, tensors));
  }

  @Override
  public WritableModel quantized(QuantPlan plan, Function<TensorPlan, ByteBuffer> codes) {
    return of(QdqRewriter.rewrite(model, plan, codes));
  }

  @Override
  public WritableModel dequantized(
      QuantPlan plan, Function<TensorPlan, ByteBuffer> codes, IntFunction<ByteBuffer> memory) {
    return of(DequantizedModel.of(model, plan, codes, memory));
  }

  /** As one file, or as two where it has more than 2 GiB. */
  @Override
  public void write(String stem, ModelSink files) throws IOException {
    String file = stem + EXTENSION;
    try (OutputStream out = files.create(file)) {
      if (ModelWriter.fitsOneFile(model)) {
        model.writeTo(out);
        return;
      }
      try (OutputStream data = files.create(file + DATA)) {
        ModelWriter.writeSplit(model, out, file + DATA, data);
      }
    }
  }

  @Override
  public ModelFile writeLocal(Path folder, Path origin) throws IOException {
    SessionModel session = SessionModel.of(model);
    return writeLocal(session.model(), folder.resolve(model.name()), origin)
        .with(session.aliases());
  }

  private static ModelFile writeLocal(OnnxModel model, Path file, Path origin) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      if (ModelWriter.canRefer(model)) {
        ModelWriter.writeReferring(model, out);
        return ModelFile.withDataIn(file, origin);
      }
      if (ModelWriter.fitsOneFile(model)) {
        model.writeTo(out);
        return ModelFile.of(file);
      }
      Path dataFile = file.resolveSibling(file.getFileName() + DATA);
      try (OutputStream data = Files.newOutputStream(dataFile)) {
        ModelWriter.writeSplit(model, out, dataFile.getFileName().toString(), data);
      }
      return ModelFile.of(file);
    }
  }
}
