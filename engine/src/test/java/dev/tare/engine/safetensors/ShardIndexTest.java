package dev.tare.engine.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardIndexTest {

  private static ShardIndex parse(String json) {
    return ShardIndex.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "i");
  }

  @Test
  void readsTheMapAndSkipsTheRest() {
    assertThat(
            parse(
                    "{'metadata':{'total_size':1e9,'x':[{}]},'weight_map':{'b':'m-1.safetensors','a':'m-2.safetensors'}}")
                .files())
        .containsExactly(Map.entry("a", "m-2.safetensors"), Map.entry("b", "m-1.safetensors"));
  }

  @Test
  void formatsAsHuggingFace() {
    assertThat(
            new ShardIndex(new TreeMap<>(Map.of("b", "2.safetensors", "a", "1.safetensors")))
                .format(12))
        .isEqualTo(
            """
            {
              "metadata" : {
                "total_size" : 12
              },
              "weight_map" : {
                "a" : "1.safetensors",
                "b" : "2.safetensors"
              }
            }
            """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'weight_map':{'a':'../m.safetensors'}} | not the name of a safetensors file",
        "{'weight_map':{'a':'/m.safetensors'}} | not the name",
        "{'weight_map':{'a':'s3a://b/m.safetensors'}} | not the name",
        "{'weight_map':{'a':'m.bin'}} | not the name",
        "{'weight_map':{'a':'.safetensors'}} | not the name",
        "{'weight_map':{'a':'m.safetensors','a':'n.safetensors'}} | Duplicate field 'a'",
        "{'weight_map':{'a':1}} | is not a text",
        "{'weight_map':[]} | is not an object",
        "{} | no tensors",
      })
  void refuses(String json, String message) {
    assertThatThrownBy(() -> parse(json))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageStartingWith("i: ")
        .hasMessageContaining(message);
  }
}
