package dev.tare.jobs.input;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import scala.collection.Seq;

/** Turns one column of a row into one input of the model. */
sealed interface CellReader extends Serializable {

  InputSpec spec();

  /** The Parquet columns to read, in the order that {@link #read} expects. */
  List<String> columns();

  /**
   * The tensor of a row.
   *
   * @param first index in the row of the first of {@link #columns}
   */
  Tensor read(Row row, int first) throws BadRowException;

  private static BadRowException bad(InputSpec spec, Reason reason, String what) {
    return new BadRowException(reason, "input '" + spec.name() + "' " + what);
  }

  /** A cell of plain values or of lists as deep as the tensor's rank. */
  record Lists(InputSpec spec) implements CellReader {

    @Override
    public List<String> columns() {
      return List.of(spec.name());
    }

    @Override
    public Tensor read(Row row, int first) throws BadRowException {
      Object cell = row.isNullAt(first) ? null : row.get(first);
      List<Long> dims = new ArrayList<>();
      Object leftmost = cell;
      while (leftmost instanceof Seq<?> list) {
        dims.add((long) list.length());
        leftmost = list.isEmpty() ? null : list.apply(0);
      }
      if (dims.contains(0L)) {
        throw bad(spec, Reason.EMPTY, "has no elements");
      }
      if (leftmost == null) {
        throw bad(spec, Reason.NULL, "is null or contains a null");
      }
      Shape shape = new Shape(dims);
      long bytes = Math.multiplyExact(shape.size(), (long) spec.dtype().bytes());
      if (bytes > Integer.MAX_VALUE - 8) {
        throw bad(spec, Reason.SHAPE, "has " + bytes + " bytes");
      }
      ByteBuffer values = ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
      fill(cell, shape, 0, values);
      return Tensor.of(spec.dtype(), shape, values.flip());
    }

    private void fill(Object cell, Shape shape, int axis, ByteBuffer out) throws BadRowException {
      if (cell == null) {
        throw bad(spec, Reason.NULL, "contains a null");
      }
      if (axis == shape.rank()) {
        Values.put(spec, cell, out);
        return;
      }
      Seq<?> list = (Seq<?>) cell;
      if (list.length() != shape.dim(axis)) {
        throw bad(
            spec,
            Reason.RAGGED,
            "is ragged: lists of %d and of %d values at depth %d"
                .formatted(shape.dim(axis), list.length(), axis));
      }
      for (int i = 0; i < list.length(); i++) {
        fill(list.apply(i), shape, axis + 1, out);
      }
    }
  }

  /**
   * A binary cell of little-endian values; its shape is in another column or fixed by the model.
   *
   * @param shapeColumn name of the column of sizes; empty if the model fixes the shape
   */
  record Bytes(InputSpec spec, String shapeColumn) implements CellReader {

    @Override
    public List<String> columns() {
      return shapeColumn.isEmpty() ? List.of(spec.name()) : List.of(spec.name(), shapeColumn);
    }

    @Override
    public Tensor read(Row row, int first) throws BadRowException {
      if (row.isNullAt(first)) {
        throw bad(spec, Reason.NULL, "is null");
      }
      byte[] bytes = (byte[]) row.get(first);
      Shape shape = shapeColumn.isEmpty() ? spec.fixedShape().orElseThrow() : shape(row, first + 1);
      long expected;
      try {
        expected = Math.multiplyExact(shape.size(), (long) spec.dtype().bytes());
      } catch (ArithmeticException e) {
        throw bad(spec, Reason.SHAPE, "has the shape " + shape);
      }
      if (expected == 0) {
        throw bad(spec, Reason.EMPTY, "has no elements");
      }
      if (expected != bytes.length) {
        throw bad(
            spec,
            Reason.SHAPE,
            "has %d bytes but shape %s of %s takes %d"
                .formatted(bytes.length, shape, spec.dtype(), expected));
      }
      if (spec.dtype() == DType.BOOL) {
        for (byte value : bytes) {
          if (value != 0 && value != 1) {
            throw bad(spec, Reason.RANGE, "contains the byte " + value + ", which is not a BOOL");
          }
        }
      }
      return Tensor.of(spec.dtype(), shape, ByteBuffer.wrap(bytes));
    }

    private Shape shape(Row row, int index) throws BadRowException {
      if (row.isNullAt(index)) {
        throw bad(spec, Reason.NULL, "has no shape: '" + shapeColumn + "' is null");
      }
      Seq<?> sizes = (Seq<?>) row.get(index);
      List<Long> dims = new ArrayList<>();
      for (int axis = 0; axis < sizes.length(); axis++) {
        if (sizes.apply(axis) == null) {
          throw bad(spec, Reason.NULL, "has a null in '" + shapeColumn + "'");
        }
        dims.add(((Number) sizes.apply(axis)).longValue());
      }
      try {
        return new Shape(dims);
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw bad(spec, Reason.SHAPE, "has the shape " + dims);
      }
    }
  }
}
