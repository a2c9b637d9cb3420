package dev.tare.engine.tflite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.graph.QuantizableNode;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.InvalidModelException;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tflite.model.LiteFloatModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.lite.schema.BuiltinOperator;
import org.tensorflow.lite.schema.BuiltinOptions;
import org.tensorflow.lite.schema.BuiltinOptionsUnion;
import org.tensorflow.lite.schema.Model;
import org.tensorflow.lite.schema.TensorType;

class LiteFileTest {

  private static final int TRUNCATIONS = 64;
  private static final int MUTANTS = 3000;

  @TempDir private Path folder;

  @Test
  void graphConstantsAndSignaturesAreRead() throws IOException {
    LiteModel model = LiteModels.read(LiteModels.FLOAT, folder);
    assertThat(model.operators())
        .extracting(LiteOperator::type)
        .containsExactly(
            "CONV_2D",
            "DEPTHWISE_CONV_2D",
            "AVERAGE_POOL_2D",
            "RESHAPE",
            "FULLY_CONNECTED",
            "SOFTMAX");
    assertThat(model.operators())
        .extracting(LiteOperator::name)
        .containsExactly("conv", "dw", "pool", "flat", "fc", "prob");
    assertThat(model.signatures()).containsEntry("serving_default", List.of("x"));
    assertThat(model.description()).isEqualTo("tiny golden");
    assertThat(model.constant(model.tensor("fc/w")).shape()).isEqualTo(Shape.of(5, 16));
  }

  @Test
  void productsHaveTheirAxesAndChannels() throws IOException {
    FloatModel model = LiteFloatModel.of(LiteModels.read(LiteModels.FLOAT, folder));
    List<QuantizableNode> nodes = model.graph().nodes();
    assertThat(nodes).extracting(QuantizableNode::weightAxis).containsExactly(0, 3, 0);
    assertThat(nodes).extracting(QuantizableNode::groups).containsExactly(1L, 4L, 1L);
    assertThat(nodes).extracting(QuantizableNode::depthwise).containsExactly(false, true, false);
    assertThat(nodes).extracting(n -> n.bias().get()).containsExactly("conv/b", "dw/b", "fc/b");
    assertThat(model.requireQuantizable()).isEmpty();
    assertThat(model.classOutputs()).containsExactly("prob");
    assertThat(model.graph().activations().all())
        .containsExactlyInAnyOrder("x", "conv", "dw", "pool", "flat", "fc", "prob");
  }

  @Test
  void whatIsWrittenIsReadAsTheSameAndWrittenAsTheSame() throws IOException {
    LiteModel model = LiteModels.read(LiteModels.FLOAT, folder);
    byte[] once = LiteModels.written(model);
    LiteModel again = LiteModels.read(once, folder);
    assertThat(again.tensors()).isEqualTo(model.tensors());
    assertThat(again.operators()).isEqualTo(model.operators());
    assertThat(again.signatures()).isEqualTo(model.signatures());
    for (LiteTensor tensor : model.tensors()) {
      if (tensor.constant()) {
        assertThat(again.constant(tensor)).isEqualTo(model.constant(tensor));
      }
    }
    assertThat(LiteModels.written(again)).isEqualTo(once);
  }

  @Test
  void aQuantizedModelIsReadButNotQuantizedAgain() throws IOException {
    FloatModel model = LiteFloatModel.of(LiteModels.read(LiteModels.INT8, folder));
    assertThatThrownBy(model::requireQuantizable)
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("'x.tflite': it is quantized already: tensor '");
  }

  /** TensorFlow's own operators, which converters call Flex, are custom ones. */
  @Test
  void operatorsOfOthersAreRefusedByName() throws IOException {
    byte[] file =
        changed(
            d -> {
              d.codes().get(5).setBuiltinCode(BuiltinOperator.CUSTOM);
              d.codes().get(5).setDeprecatedBuiltinCode((byte) BuiltinOperator.CUSTOM);
              d.codes().get(5).setCustomCode("FlexSoftplus");
            });
    FloatModel model = LiteFloatModel.of(LiteModels.read(file, folder));
    assertThatThrownBy(model::requireQuantizable)
        .isInstanceOf(InvalidModelException.class)
        .hasMessageContaining("CUSTOM.FlexSoftplus");
  }

  /** Kernels read constants by vectors of so many bytes. */
  @Test
  void dataIsAlignedTo16Bytes() throws IOException {
    ByteBuffer written =
        ByteBuffer.wrap(LiteModels.written(LiteModels.read(LiteModels.FLOAT, folder)))
            .order(ByteOrder.LITTLE_ENDIAN);
    Model model = Model.getRootAsModel(written);
    int filled = 0;
    for (int i = 0; i < model.buffersLength(); i++) {
      ByteBuffer data = model.buffers(i).dataAsByteBuffer();
      if (data != null && data.hasRemaining()) {
        assertThat(data.position() % 16).isZero();
        filled++;
      }
    }
    assertThat(filled).isGreaterThan(6);
  }

  /** Files of old converters have the number of an operator in a field that newer ones replaced. */
  @Test
  void theOldFieldOfAnOperatorIsReadToo() throws IOException {
    LiteDraft draft = LiteModels.read(LiteModels.FLOAT, folder).draft();
    draft.codes().forEach(code -> code.setBuiltinCode(0));
    LiteModel old = LiteModels.read(LiteModels.written(draft.finish("old")), folder);
    assertThat(old.operators().get(4).type()).isEqualTo("FULLY_CONNECTED");
  }

  @Test
  void tensorsWithoutNamesOfTheirOwnGetSome() throws IOException {
    LiteDraft draft = LiteModels.read(LiteModels.FLOAT, folder).draft();
    draft.tensor(1).setName("x");
    draft.tensor(2).setName("");
    LiteModel named = LiteModels.read(LiteModels.written(draft.finish("named")), folder);
    assertThat(named.tensors().stream().limit(3).map(LiteTensor::name))
        .containsExactly("x", "x#1", "tensor#2");
  }

  @Test
  void aTruncatedFileIsRefused() {
    byte[] whole = LiteModels.bytes(LiteModels.FLOAT);
    for (int i = 0; i < TRUNCATIONS; i++) {
      byte[] part = Arrays.copyOf(whole, whole.length * i / TRUNCATIONS);
      assertRefused(part, "");
    }
  }

  @Test
  void aGraphThatCannotRunInItsOrderIsRefused() throws IOException {
    assertRefused(changed(d -> d.operator(0).getInputs()[0] = 12), "cycle, or is out of order");
    assertRefused(changed(d -> d.operator(0).getInputs()[0] = 99), "name tensor 99");
    assertRefused(changed(d -> d.operator(1).getOutputs()[0] = 3), "is computed twice");
    assertRefused(changed(d -> d.operator(1).setOpcodeIndex(9)), "has code 9, and there are 6");
    assertRefused(changed(d -> d.operator(0).getInputs()[1] = -1), "CONV_2D, leaves out input 1");
    assertRefused(changed(d -> d.operator(0).setInputs(new int[0])), "operator 0 reads nothing");
    assertRefused(changed(d -> d.tensor(2).setType(TensorType.RESOURCE)), "of type RESOURCE");
    assertRefused(changed(d -> d.setOutputs(-7)), "the outputs name tensor -7");
    assertRefused(
        changed(d -> d.tensor(1).setShape(new int[] {1 << 30, 1 << 30, 4, 4})), "has the shape");
    assertRefused(changed(d -> d.tensor(1).getShape()[0] = 5), "bytes of data");
    assertRefused(changed(d -> d.tensor(0).getShape()[0] = -1), "has the shape [-1");
  }

  /** Its kernels divide by them; each ended the process in TensorFlow Lite 2.20 or may. */
  @Test
  void stepsAndChannelsByWhichKernelsDivideAreChecked() throws IOException {
    assertRefused(
        changed(d -> d.tensor(0).getShape()[3] = 219),
        "operator 0, a CONV_2D, cannot be computed: 219 input channels, and a weight of the shape"
            + " [4, 3, 3, 3]");
    assertRefused(
        changed(d -> d.operator(0).getBuiltinOptions().asConv2DOptions().setStrideH(0)),
        "its steps and sizes are [0, 1, 1, 1], and each must be from 1 to 32767");
    assertRefused(
        changed(d -> d.operator(0).getBuiltinOptions().asConv2DOptions().setStrideH(4456449)),
        "its steps and sizes are [4456449, 1, 1, 1], and each must be from 1 to 32767");
    assertRefused(
        changed(d -> d.operator(0).getBuiltinOptions().asConv2DOptions().setPadding((byte) -126)),
        "its padding is -126, neither SAME (0) nor VALID (1)");
    assertRefused(
        changed(
            d -> {
              d.operator(0).getBuiltinOptions().asConv2DOptions().setPadding((byte) 1);
              d.operator(0).getBuiltinOptions().asConv2DOptions().setDilationWFactor(4);
            }),
        "windows of the size [3, 9] do not fit into the shape [1, 8, 8, 3]");
    assertRefused(
        changed(
            d ->
                d.operator(1).getBuiltinOptions().asDepthwiseConv2DOptions().setDilationWFactor(0)),
        "operator 1, a DEPTHWISE_CONV_2D, cannot be computed");
    assertRefused(
        changed(d -> d.operator(1).setInputs(Arrays.copyOf(d.operator(1).getInputs(), 2))),
        "operator 1, a DEPTHWISE_CONV_2D, cannot be computed: it has no bias");
    assertRefused(
        changed(d -> d.operator(2).getBuiltinOptions().asPool2DOptions().setFilterWidth(-1)),
        "operator 2, a AVERAGE_POOL_2D, cannot be computed");
    assertRefused(changed(d -> d.tensor(3).getShape()[3] = 3), "3 input channels, and a weight");
    assertRefused(
        changed(d -> d.operator(2).setBuiltinOptions(new BuiltinOptionsUnion())),
        "it lacks its options");
  }

  /** The runtime follows them, and computed for minutes with a padding of 47616 rows. */
  @Test
  void constantsGiveTheShapesThatTheFileStates() throws IOException {
    assertSizes("PAD", new int[] {1, 4, 4, 3}, ints(0, 0, 1, 1, 0, 0, 0, 0), 1, 6, 4, 3);
    assertSizes("TILE", new int[] {1, 2, 4, 3}, ints(1, 3, 1, 1), 1, 6, 4, 3);
    assertSizes("RESIZE_BILINEAR", new int[] {1, 4, 4, 3}, ints(6, 4), 1, 6, 4, 3);
    assertSizes("BROADCAST_TO", new int[] {1, 1, 4, 3}, ints(1, 6, 4, 3), 1, 6, 4, 3);
    assertRefused(
        sized("PAD", new int[] {1, 4, 4, 3}, ints(0, 0, 9), 1, 6, 4, 3),
        "a PAD, cannot be computed: [1, 4, 4, 3] has paddings [0, 0, 9]");
    assertRefused(
        sized("PAD", new int[] {1, 4, 4, 3}, ints(0, 0, 3, -1, 0, 0, 0, 0), 1, 6, 4, 3),
        "has paddings [0, 0, 3, -1, 0, 0, 0, 0]");
    assertRefused(
        sized("RESIZE_BILINEAR", new int[] {1, 4, 0, 3}, ints(6, 4), 1, 6, 4, 3),
        "[1, 4, 0, 3] gets the size [6, 4]");
  }

  /** Its kernel reads there, and ended the process. */
  @Test
  void aSliceOutsideOfItsInputIsRefused() throws IOException {
    LiteModels.read(sliced(ints(0, 1, 0, 2), ints(1, 2, -1, 5)), folder);
    for (int[] begins : new int[][] {{0, 3, 0, 2}, {0, 1, 0, -1}, {0, 1, 1 << 30, 2}, {0, 1}}) {
      assertRefused(sliced(begins, ints(1, 2, 4, 5)), "SLICE, cannot be computed: [1, 4, 4, 8] is");
    }
    assertRefused(sliced(ints(0, 1, 0, 2), ints(1, 2, 160, 5)), "to [1, 2, 160, 5]");
    assertRefused(sliced(ints(0, 1, 0, 2), ints(1, 2, -9, 5)), "to [1, 2, -9, 5]");
  }

  private static byte[] sliced(int[] begins, int[] sizes) throws IOException {
    LiteNetwork network = new LiteNetwork();
    int x = network.input("x", 1, 4, 4, 8);
    int begin = network.ints("begin", ints(begins.length), begins);
    int size = network.ints("size", ints(sizes.length), sizes);
    int made = network.made("made", 1, 2, 4, 5);
    network.add("SLICE", BuiltinOptions.NONE, null, ints(x, begin, size), made);
    return LiteModels.written(network.finish(made));
  }

  /** In the file both agree, or the file states one row more. */
  private void assertSizes(String type, int[] from, int[] constant, int... to) throws IOException {
    LiteModels.read(sized(type, from, constant, to), folder);
    int stated = to[1];
    to[1]++;
    assertRefused(
        sized(type, from, constant, to),
        " give its result %d in axis 1, and the file states [1, 7, 4, 3]".formatted(stated));
  }

  private static int[] ints(int... values) {
    return values;
  }

  private static byte[] sized(String type, int[] from, int[] constant, int... to)
      throws IOException {
    LiteNetwork network = new LiteNetwork();
    int x = network.input("x", from);
    int sizes = network.ints("sizes", ints(constant.length), constant);
    int made = network.made("made", to);
    network.add(type, BuiltinOptions.NONE, null, ints(x, sizes), made);
    return LiteModels.written(network.finish(made));
  }

  private interface Change {
    void of(LiteDraft draft);
  }

  private byte[] changed(Change change) throws IOException {
    LiteDraft draft = LiteModels.read(LiteModels.FLOAT, folder).draft();
    change.of(draft);
    java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
    LiteWriter.write(draft, out);
    return out.toByteArray();
  }

  private static int follow(ByteBuffer bytes, int at) {
    return at + bytes.getInt(at);
  }

  private static int field(ByteBuffer bytes, int table, int index) {
    int vtable = table - bytes.getInt(table);
    return table + Short.toUnsignedInt(bytes.getShort(vtable + 4 + 2 * index));
  }

  /** Options of one type with the fields of another stand for a schema that has grown. */
  @Test
  void optionsThatAreNewerThanTheSchemaAreRefused() throws IOException {
    LiteDraft draft = LiteModels.read(LiteModels.FLOAT, folder).draft();
    draft.operator(1).getBuiltinOptions().asDepthwiseConv2DOptions().setDilationHFactor(2);
    byte[] file = LiteModels.written(draft.finish("dilated"));
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int graph = follow(bytes, follow(bytes, field(bytes, bytes.getInt(0), 2)) + 4);
    int operator = follow(bytes, follow(bytes, field(bytes, graph, 3)) + 8);
    int type = field(bytes, operator, 3);
    assertThat(LiteModels.read(file, folder).operators()).hasSize(6);
    bytes.put(type, BuiltinOptions.Conv2DOptions);
    assertRefused(file, "field 6 of the Conv2DOptions of operator 1 is newer than what Tare reads");
    bytes.put(type, (byte) 127);
    assertRefused(file, "operator 1 has options of type 127, which is newer");
  }

  @Test
  void theOldestFieldForMetadataIsKept() throws IOException {
    LiteModel model = LiteModels.read(LiteModels.FLOAT, folder);
    LiteDraft old = model.draft();
    LiteDraft draft =
        new LiteDraft(
            "",
            old.codes(),
            old.graph(),
            old.buffers(),
            old.metadata(),
            old.signatures(),
            new LiteDraft.Attachments(List.of(old.buffers().size()), ByteBuffer.allocate(0)));
    draft.buffers().add(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    LiteDraft read = LiteModels.read(LiteModels.written(draft.finish("old")), folder).draft();
    int buffer = read.attachments().buffers().get(0);
    assertThat(read.buffers().get(buffer)).isEqualTo(ByteBuffer.wrap(new byte[] {1, 2, 3}));
  }

  private static byte[] archived(byte[] model) throws IOException {
    java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
    out.write(model);
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (String name : List.of("labels.txt", "vocabulary.txt")) {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(("what " + name + " has\n").getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
      }
    }
    return out.toByteArray();
  }

  /** Their offsets are those of the whole file, as MediaPipe's and TensorFlow's readers want. */
  @Test
  void filesBehindTheModelAreCarriedOver() throws IOException {
    byte[] whole = archived(LiteModels.bytes(LiteModels.FLOAT));
    LiteDraft draft = LiteModels.read(whole, folder).draft();
    draft.tensor(0).setName("a much longer name, so that the archive begins elsewhere");
    byte[] once = LiteModels.written(draft.finish("renamed"));
    byte[] written = LiteModels.written(LiteModels.read(once, folder));
    assertThat(written).isEqualTo(once);
    Path file = Files.write(folder.resolve("with-files.tflite"), written);
    try (ZipFile zip = new ZipFile(file.toFile())) {
      try (InputStream labels = zip.getInputStream(zip.getEntry("labels.txt"))) {
        assertThat(labels).hasContent("what labels.txt has");
      }
      assertThat(zip.size()).isEqualTo(2);
    }
    ByteBuffer bytes = ByteBuffer.wrap(written).order(ByteOrder.LITTLE_ENDIAN);
    int directory = bytes.getInt(written.length - 6);
    assertThat(bytes.getInt(directory)).isEqualTo(0x02014B50);
    assertThat(bytes.getInt(bytes.getInt(directory + 42))).isEqualTo(0x04034B50);
    byte[] broken = whole.clone();
    broken[whole.length - 10]++;
    assertRefused(broken, "the files that are packed behind the model are truncated or broken");
  }

  @Test
  void offsetsAndCountsThatLeadOutsideAreRefused() {
    byte[] whole = LiteModels.bytes(LiteModels.FLOAT);
    ByteBuffer bytes = ByteBuffer.wrap(whole.clone()).order(ByteOrder.LITTLE_ENDIAN);
    int root = bytes.getInt(0);
    assertRefused(bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).putInt(0, -1).array(), "offset");
    byte[] loop = whole.clone();
    ByteBuffer.wrap(loop).order(ByteOrder.LITTLE_ENDIAN).putInt(root, Integer.MIN_VALUE);
    assertRefused(loop, "the layout of a model");
    byte[] count = whole.clone();
    ByteBuffer counted = ByteBuffer.wrap(count).order(ByteOrder.LITTLE_ENDIAN);
    int vtable = root - counted.getInt(root);
    int field = root + Short.toUnsignedInt(counted.getShort(vtable + 4 + 2 * 4));
    int buffers = field + counted.getInt(field);
    counted.putInt(buffers, 0x3FFF_FFFF);
    assertRefused(count, "has 1073741823 elements");
  }

  @Test
  void aBufferThatIsNotThereIsRefused() {
    for (int wrong : new int[] {99, -1}) {
      byte[] file = LiteModels.bytes(LiteModels.FLOAT);
      ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
      int graph = follow(bytes, follow(bytes, field(bytes, bytes.getInt(0), 2)) + 4);
      int weight = follow(bytes, follow(bytes, field(bytes, graph, 0)) + 8);
      bytes.putInt(field(bytes, weight, 2), wrong);
      assertRefused(file, "has buffer %d, and there are ".formatted(Integer.toUnsignedLong(wrong)));
    }
  }

  /** Either refused with the file's name, or read: nothing else happens to a broken file. */
  @Test
  void anyChangeOfBytesIsReadOrRefused() throws IOException {
    byte[] whole = LiteModels.bytes(LiteModels.FLOAT);
    Random random = new Random(17);
    int read = 0;
    for (int i = 0; i < MUTANTS; i++) {
      byte[] mutant = whole.clone();
      int changes = 1 + random.nextInt(4);
      for (int c = 0; c < changes; c++) {
        mutant[random.nextInt(mutant.length)] = (byte) random.nextInt(256);
      }
      try {
        LiteModels.written(LiteModels.read(mutant, folder));
        read++;
      } catch (InvalidModelException e) {
        assertThat(e).hasMessageContaining("'x.tflite'");
      }
    }
    assertThat(read).isBetween(1, MUTANTS - 1);
  }

  private void assertRefused(byte[] bytes, String reason) {
    assertThatThrownBy(() -> LiteModels.read(bytes, folder))
        .isInstanceOf(InvalidModelException.class)
        .hasMessageStartingWith("Cannot use model 'x.tflite': ")
        .hasMessageContaining(reason);
  }
}
