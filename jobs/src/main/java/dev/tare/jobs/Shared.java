package dev.tare.jobs;

import java.io.Serializable;
import java.nio.ByteBuffer;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.SerializerInstance;
import scala.reflect.ClassTag;

/**
 * A value as {@link SparkJobs#sharing} sends it: by Spark's {@link JavaSerializer}, as closures
 * are, whatever {@code spark.serializer} is. Spark broadcasts by that setting, and Kryo 4 cannot
 * read records.
 *
 * @param <T> the value's type
 */
public final class Shared<T extends Serializable> implements Serializable {

  private static final long serialVersionUID = 1L;

  private final byte[] bytes;

  /** Made on first use and kept, since Spark keeps one broadcast object for all tasks of a JVM. */
  private transient T value;

  /** Serializes a value; Spark's exception names the part that is not serializable. */
  public Shared(T value) {
    ByteBuffer serialized = serializer().serialize(value, ClassTag.apply(value.getClass()));
    bytes = new byte[serialized.remaining()];
    serialized.get(bytes);
  }

  /** The value, the same object for all tasks of a JVM, which therefore must not change it. */
  public synchronized T get() {
    if (value == null) {
      // Classes are found where a task finds them, also in a jar that was added to the session.
      ClassLoader loader = Thread.currentThread().getContextClassLoader();
      value =
          serializer().deserialize(ByteBuffer.wrap(bytes), loader, ClassTag.apply(Object.class));
    }
    return value;
  }

  private static SerializerInstance serializer() {
    return new JavaSerializer(new SparkConf()).newInstance();
  }
}
