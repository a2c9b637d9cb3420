package dev.tare.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.NotSerializableException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import org.junit.jupiter.api.Test;
import scala.reflect.ClassTag;

@SuppressWarnings("rawtypes")
class SharedTest {

  private record Named(String name, int number) implements Serializable {}

  private static final ArrayList<Named> RECORDS =
      new ArrayList<>(List.of(new Named("a", 1), new Named("b", 2)));

  @Test
  void recordsAreReadWithBothOfSparksSerializers() {
    SparkConf conf = new SparkConf();
    for (Serializer serializer : List.of(new KryoSerializer(conf), new JavaSerializer(conf))) {
      ClassTag<Shared> type = ClassTag.apply(Shared.class);
      SerializerInstance instance = serializer.newInstance();
      Shared<?> read = instance.deserialize(instance.serialize(new Shared<>(RECORDS), type), type);
      assertThat(read.get()).isEqualTo(RECORDS).isSameAs(read.get());
    }
  }

  @Test
  void whatIsNotSerializableIsRefusedByItsClass() {
    ArrayList<Object> value = new ArrayList<>(List.of(new Object()));
    assertThatThrownBy(() -> new Shared<>(value))
        .isInstanceOf(NotSerializableException.class)
        .hasMessageContaining("java.lang.Object");
  }
}
