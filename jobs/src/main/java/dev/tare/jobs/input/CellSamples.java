package dev.tare.jobs.input;

import dev.tare.engine.tensor.Sample;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.sql.Row;

/**
 * Makes samples of cells, one input of the model after the other, and checks them.
 *
 * @param readers one for each input, in the order of the cells
 * @param vocabularySize above every token id; Long.MAX_VALUE if unknown
 */
record CellSamples(ModelInputs inputs, List<CellReader> readers, long vocabularySize)
    implements Serializable {

  /**
   * The sample of a row.
   *
   * @param first index in the row of the first cell
   * @throws BadRowException if a cell cannot be an input, or the model does not take the sample
   */
  Sample of(Row row, int first) throws BadRowException {
    SortedMap<String, Tensor> tensors = new TreeMap<>();
    int index = first;
    for (CellReader reader : readers) {
      Tensor tensor = shaped(reader.spec(), reader.read(row, index));
      Values.requireFinite(reader.spec().name(), tensor);
      if (reader.spec().name().equals(TokenInputs.IDS) && vocabularySize < Long.MAX_VALUE) {
        Values.requireTokenIds(TokenInputs.IDS, tensor, vocabularySize);
      }
      tensors.put(reader.spec().name(), tensor);
      index += reader.columns().size();
    }
    Sample sample = new Sample(tensors);
    Optional<String> mismatch = inputs.mismatch(sample);
    if (mismatch.isPresent()) {
      throw new BadRowException(Reason.SHAPE, mismatch.get());
    }
    return Padding.trim(inputs, sample);
  }

  private static Tensor shaped(InputSpec spec, Tensor read) {
    Shape shape = spec.sampleShape(read.shape());
    return shape.equals(read.shape()) ? read : Tensor.of(read.dtype(), shape, read.bytes());
  }
}
