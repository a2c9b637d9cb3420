package dev.tare.jobs.run;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.SQLUserDefinedType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;

/** A vector with the form in SQL of Spark ML's, whose library is not on the class path here. */
@SQLUserDefinedType(udt = PretendedVector.Type.class)
public final class PretendedVector {

  private final double[] values;
  private final boolean sparse;

  /**
   * A vector.
   *
   * @param values of all elements
   * @param sparse whether zeros are left out
   */
  public PretendedVector(double[] values, boolean sparse) {
    this.values = values;
    this.sparse = sparse;
  }

  /** A user-defined type as Spark ML's {@code VectorUDT}. */
  public static final class Type extends UserDefinedType<PretendedVector> {

    private static final long serialVersionUID = 1L;

    @Override
    public DataType sqlType() {
      return StructType.fromDDL(
          "type tinyint not null, size int, indices array<int>, values array<double>");
    }

    @Override
    public InternalRow serialize(PretendedVector vector) {
      double[] values = vector.values;
      if (!vector.sparse) {
        return row((byte) 1, null, null, new GenericArrayData(values));
      }
      int[] indices = IntStream.range(0, values.length).filter(i -> values[i] != 0).toArray();
      double[] kept = Arrays.stream(values).filter(value -> value != 0).toArray();
      return row(
          (byte) 0, values.length, new GenericArrayData(indices), new GenericArrayData(kept));
    }

    private static InternalRow row(Object... cells) {
      return new GenericInternalRow(cells);
    }

    @Override
    public PretendedVector deserialize(Object row) {
      throw new UnsupportedOperationException("Nothing reads it as an object");
    }

    @Override
    public Class<PretendedVector> userClass() {
      return PretendedVector.class;
    }
  }
}
