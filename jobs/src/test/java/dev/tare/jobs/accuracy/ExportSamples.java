package dev.tare.jobs.accuracy;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Tensor;
import dev.tare.jobs.run.StageSamples;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes the networks of {@link ModesTest} and the very tensors that they are calibrated and
 * evaluated with, for {@code jobs/src/test/python/peer_accuracy.py}.
 *
 * <p>Argument: a folder. In it {@code NETWORK/model.onnx}, {@code NETWORK/calibration/NNNN/} and
 * {@code NETWORK/evaluation/NNNN/}, one folder a sample, in the order of hashes; in each {@code
 * INPUT.npy} for each input, with the batch dimension, which is 1.
 */
public final class ExportSamples {

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  private static final int HEADER = 128;

  private ExportSamples() {}

  /** Writes all. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Files.createDirectories(folder);
    for (Map.Entry<String, Network> entry : Network.all(folder.resolve("data")).entrySet()) {
      Network network = entry.getValue();
      Path own = folder.resolve(entry.getKey());
      write(own.resolve("calibration"), network, network.calibration());
      write(own.resolve("evaluation"), network, network.evaluation());
      Files.copy(network.model(), own.resolve("model.onnx"), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static void write(Path folder, Network network, Path data) throws IOException {
    List<Sample> samples =
        StageSamples.of(
            network.arguments(
                "evaluate", "--data", data.toString(), "--quantized", "none", "--output", "none"));
    for (int i = 0; i < samples.size(); i++) {
      Path own = Files.createDirectories(folder.resolve(String.format(Locale.ROOT, "%04d", i)));
      for (Map.Entry<String, Tensor> input : samples.get(i).inputs().entrySet()) {
        write(own.resolve(input.getKey() + ".npy"), input.getValue());
      }
    }
  }

  /** NumPy's format, version 1.0: magic, length, a padded dictionary, values in C order. */
  private static void write(Path file, Tensor tensor) throws IOException {
    StringBuilder shape = new StringBuilder("1,");
    tensor.shape().dims().forEach(dim -> shape.append(dim).append(','));
    String dictionary =
        "{'descr': '%s', 'fortran_order': False, 'shape': (%s)}"
            .formatted(descr(tensor.dtype()), shape);
    ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
    header.put(MAGIC).putShort((short) (HEADER - MAGIC.length - Short.BYTES));
    header.put(dictionary.getBytes(StandardCharsets.US_ASCII));
    while (header.remaining() > 1) {
      header.put((byte) ' ');
    }
    header.put((byte) '\n').flip();
    try (OutputStream out = Files.newOutputStream(file);
        WritableByteChannel channel = Channels.newChannel(out)) {
      channel.write(header);
      channel.write(tensor.bytes());
    }
  }

  private static String descr(DType type) {
    if (type == DType.FLOAT32) {
      return "<f4";
    }
    if (type == DType.INT64) {
      return "<i8";
    }
    throw new IllegalArgumentException("No network here reads " + type);
  }
}
