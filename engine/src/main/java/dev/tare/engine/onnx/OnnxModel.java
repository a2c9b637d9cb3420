package dev.tare.engine.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.model.TensorInfo;
import dev.tare.engine.onnx.graph.Constants;
import dev.tare.engine.onnx.graph.Nodes;
import dev.tare.engine.onnx.graph.TensorCodec;
import dev.tare.engine.onnx.proto.GraphProto;
import dev.tare.engine.onnx.proto.ModelProto;
import dev.tare.engine.onnx.proto.NodeProto;
import dev.tare.engine.onnx.proto.OperatorSetIdProto;
import dev.tare.engine.onnx.proto.TensorProto;
import dev.tare.engine.onnx.proto.ValueInfoProto;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An ONNX model whose structure was checked: every tensor has the bytes that its shape requires,
 * names are unique, and the graph has no cycle.
 *
 * <p>Whether Tare can quantize it is checked by {@link Preflight}. Immutable; weights are views of
 * the parsed bytes, so a model costs about its file size. Weights in other files ("external data",
 * required for models of more than 2 GiB) are mapped and cost no heap; those files must not change
 * while the model is in use.
 */
public final class OnnxModel {

  /** The size limit of a protobuf message, and so of a model in one file. */
  static final long MAX_FILE_BYTES = ExternalData.MAX_TENSOR_BYTES;

  private final String name;
  private final ModelProto proto;
  private final Optional<Path> folder;
  private final Constants constants;
  private final List<String> nodeNames;

  private OnnxModel(String name, ModelProto proto, Optional<Path> folder) {
    this.name = name;
    this.proto = proto;
    this.folder = folder;
    this.constants = Constants.of(proto.getGraph());
    this.nodeNames = Nodes.names(proto.getGraph().getNodeList());
  }

  /**
   * Parses the model in an array, which must not change afterwards.
   *
   * @param name the model's name in messages, such as its file name
   * @throws InvalidModelException if it is not an ONNX model, its structure is broken, or it stores
   *     data in other files
   */
  public static OnnxModel parse(byte[] bytes, String name) {
    return parse(UnsafeByteOperations.unsafeWrap(bytes), name);
  }

  /**
   * Parses the model in the remaining bytes of a buffer, which must not change afterwards.
   *
   * @throws InvalidModelException as for an array
   */
  public static OnnxModel parse(ByteBuffer bytes, String name) {
    return parse(UnsafeByteOperations.unsafeWrap(bytes), name);
  }

  /**
   * Reads the model in a local file; messages use its file name.
   *
   * @throws InvalidModelException as {@link #read(Path, String)}
   */
  public static OnnxModel read(Path file) throws IOException {
    return read(file, String.valueOf(file.getFileName()));
  }

  /**
   * Reads the model in a local file, with its external data files.
   *
   * @throws InvalidModelException if it is not an ONNX model, its structure is broken, or a data
   *     file is missing, too short, a link, or outside the model's folder
   */
  public static OnnxModel read(Path file, String name) throws IOException {
    return OnnxFile.read(file, name).withDataIn(file.toAbsolutePath().getParent());
  }

  /** A model that {@link OnnxFile} checked. */
  static OnnxModel checked(String name, ModelProto proto, Optional<Path> folder) {
    return new OnnxModel(name, proto, folder);
  }

  private static OnnxModel parse(ByteString bytes, String name) {
    ModelProto proto = proto(bytes, name);
    StructureCheck.check(name, proto, false);
    return new OnnxModel(name, proto, Optional.empty());
  }

  static ModelProto proto(ByteString bytes, String name) {
    if (bytes.isEmpty()) {
      throw new InvalidModelException(name, "the file is empty");
    }
    CodedInputStream in = bytes.newCodedInput();
    in.enableAliasing(true);
    try {
      return ModelProto.parseFrom(in);
    } catch (InvalidProtocolBufferException e) {
      throw new InvalidModelException(name, "not an ONNX protobuf (" + e.getMessage() + ")", e);
    } catch (IOException e) {
      throw new InvalidModelException(name, "not an ONNX protobuf", e);
    }
  }

  /** Returns a rewritten form of this model, under the same name. */
  public OnnxModel with(ModelProto rewritten) {
    return new OnnxModel(name, rewritten, folder);
  }

  public ModelProto proto() {
    return proto;
  }

  /** Returns the folder of external data files; empty if the model may not have any. */
  Optional<Path> folder() {
    return folder;
  }

  public GraphProto graph() {
    return proto.getGraph();
  }

  public Constants constants() {
    return constants;
  }

  public String name() {
    return name;
  }

  public long irVersion() {
    return proto.getIrVersion();
  }

  /** Version of the standard operators that the model uses. */
  public int opset() {
    return proto.getOpsetImportList().stream()
        .filter(o -> Nodes.domain(o.getDomain()).isEmpty())
        .mapToInt(o -> (int) o.getVersion())
        .findFirst()
        .orElse(0);
  }

  /** Operator set versions by domain; the standard one is {@code ai.onnx}. */
  public SortedMap<String, Long> opsets() {
    SortedMap<String, Long> opsets = new TreeMap<>();
    for (OperatorSetIdProto opset : proto.getOpsetImportList()) {
      String domain = Nodes.domain(opset.getDomain());
      opsets.put(domain.isEmpty() ? "ai.onnx" : domain, opset.getVersion());
    }
    return Collections.unmodifiableSortedMap(opsets);
  }

  /** Name and version of the exporter; empty if the model does not state it. */
  public String producer() {
    return (proto.getProducerName() + " " + proto.getProducerVersion()).strip();
  }

  /**
   * Returns the inputs that a caller must feed, in the model's order, without initializers that are
   * listed as inputs.
   */
  public List<TensorInfo> inputs() {
    Set<String> initializers = new HashSet<>();
    graph().getInitializerList().forEach(t -> initializers.add(t.getName()));
    return graph().getInputList().stream()
        .filter(i -> !initializers.contains(i.getName()))
        .map(DeclaredTensor::of)
        .toList();
  }

  public List<TensorInfo> outputs() {
    return graph().getOutputList().stream().map(DeclaredTensor::of).toList();
  }

  /**
   * Names of the nodes in graph order, made unique: {@code OpType#index} for a node without a name,
   * {@code name#index} for one whose name an earlier node has, with underscores appended while it
   * is taken.
   */
  public List<String> nodeNames() {
    return nodeNames;
  }

  /**
   * Returns how often each operator occurs, subgraphs included; operators of other domains are
   * prefixed with the domain and a dot.
   */
  public SortedMap<String, Integer> operatorCounts() {
    SortedMap<String, Integer> counts = new TreeMap<>();
    count(graph(), counts);
    return Collections.unmodifiableSortedMap(counts);
  }

  private static void count(GraphProto graph, SortedMap<String, Integer> counts) {
    for (NodeProto node : graph.getNodeList()) {
      String prefix = Nodes.isStandard(node) ? "" : node.getDomain() + ".";
      counts.merge(prefix + node.getOpType(), 1, Integer::sum);
      Nodes.subgraphs(node).forEach(subgraph -> count(subgraph, counts));
    }
  }

  /** Number of floating-point values among the constants of the main graph and of all bodies. */
  public long parameterCount() {
    return parameters(graph(), constants);
  }

  private static long parameters(GraphProto graph, Constants constants) {
    long own =
        constants.all().stream()
            .filter(t -> TensorCodec.dtype(t.getDataType()).filter(d -> d.isFloat()).isPresent())
            .mapToLong(t -> TensorCodec.shape(t).size())
            .sum();
    return own
        + graph.getNodeList().stream()
            .flatMap(node -> Nodes.subgraphs(node).stream())
            .mapToLong(body -> parameters(body, Constants.of(body)))
            .sum();
  }

  /** Bytes of the main graph's constants, of any type. */
  public long constantBytes() {
    return constants.all().stream().mapToLong(OnnxModel::bytes).sum();
  }

  private static long bytes(TensorProto tensor) {
    return TensorCodec.dtype(tensor.getDataType())
        .map(type -> TensorCodec.shape(tensor).size() * type.bytes())
        .orElse((long) tensor.getSerializedSize());
  }

  /** Names of all inputs and of all outputs of the main graph's nodes. */
  public Set<String> tensors() {
    Set<String> names = new HashSet<>();
    graph().getInputList().stream().map(ValueInfoProto::getName).forEach(names::add);
    graph().getNodeList().forEach(n -> names.addAll(n.getOutputList()));
    names.remove("");
    return names;
  }

  /**
   * Serializes the model as one file; equal models give equal bytes. Costs memory of the file's
   * size.
   *
   * @throws InvalidModelException if it does not fit one file
   */
  public byte[] toByteArray() {
    return ModelWriter.whole(this).toByteArray();
  }

  /**
   * Writes the model as one file, without a second copy of its weights in memory.
   *
   * @throws InvalidModelException if it does not fit one file; use {@link ModelWriter} then
   */
  public void writeTo(OutputStream out) throws IOException {
    ModelWriter.whole(this).writeTo(out);
  }

  @Override
  public String toString() {
    return "OnnxModel[" + name + "]";
  }
}
