package dev.tare.jobs.input;

import ai.djl.huggingface.tokenizers.Encoding;
import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.LongStream;

/**
 * Which of a tokenizer's outputs feeds which input of a model, by the names that transformer models
 * share.
 *
 * <p>Where a model's inputs have a fixed length, texts are cut to it and padded on the right, with
 * 0 in the mask, the types and the positions: such a model sees padding in service too, so its
 * statistics have it.
 */
final class TokenInputs {

  static final String IDS = "input_ids";
  static final String TYPES = "token_type_ids";
  static final String POSITIONS = "position_ids";

  private TokenInputs() {}

  /**
   * The length of the inputs; empty where each text may have its own.
   *
   * @throws InputException if the model has no {@code input_ids}, or an input that a tokenizer
   *     cannot give, or tokens of another type than INT64 or INT32 or of different lengths
   */
  static OptionalInt length(ModelInputs inputs, String tokenizer) {
    if (inputs.find(IDS).isEmpty()) {
      throw new InputException(
          "Cannot feed text to the model: none of its inputs %s is '%s'"
              .formatted(inputs.names(), IDS));
    }
    Optional<Shape> length = inputs.find(IDS).get().fixedShape();
    for (InputSpec spec : inputs.specs()) {
      switch (spec.name()) {
        case IDS, Padding.MASK, TYPES, POSITIONS -> {}
        default ->
            throw new InputException(
                "Cannot feed text to the model: tokenizer %s gives no value for input '%s' %s"
                    .formatted(tokenizer, spec.name(), spec.describe()));
      }
      boolean integers = spec.dtype() == DType.INT64 || spec.dtype() == DType.INT32;
      if (!integers || spec.rank() != 1 || !spec.fixedShape().equals(length)) {
        throw new InputException(
            "Cannot feed text to the model: input '%s' is %s but text gives INT64 or INT32 of"
                    .formatted(spec.name(), spec.describe())
                + " one dimension, which has the same length in all inputs");
      }
    }
    return length.isEmpty()
        ? OptionalInt.empty()
        : OptionalInt.of(Math.toIntExact(length.get().dim(0)));
  }

  /**
   * The inputs for a text.
   *
   * @param length of the result, at least that of the encoding; empty for its own
   * @param padding the id that stands for no token
   */
  static Sample sample(ModelInputs inputs, Encoding encoding, OptionalInt length, long padding) {
    int own = encoding.getIds().length;
    SortedMap<String, Tensor> tensors = new TreeMap<>();
    for (InputSpec spec : inputs.specs()) {
      long[] values =
          switch (spec.name()) {
            case IDS -> encoding.getIds();
            case Padding.MASK -> encoding.getAttentionMask();
            case TYPES -> encoding.getTypeIds();
            default -> LongStream.range(0, own).toArray();
          };
      long[] whole = Arrays.copyOf(values, length.orElse(own));
      if (spec.name().equals(IDS)) {
        Arrays.fill(whole, own, whole.length, padding);
      }
      tensors.put(spec.name(), tensor(spec.dtype(), whole));
    }
    return new Sample(tensors);
  }

  private static Tensor tensor(DType dtype, long[] values) {
    Shape shape = Shape.of(values.length);
    if (dtype == DType.INT64) {
      return Tensor.ofLongs(shape, values);
    }
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      bytes.putInt(Math.toIntExact(value));
    }
    return Tensor.of(dtype, shape, bytes.flip());
  }
}
