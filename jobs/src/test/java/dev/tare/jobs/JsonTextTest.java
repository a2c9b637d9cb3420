package dev.tare.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;

class JsonTextTest {

  @Test
  void numbersThatJsonLacksAreNullAndKeysKeepTheirOrder() {
    ObjectNode root = JsonText.object();
    JsonText.put(root, "z", .25);
    JsonText.put(root, "nan", Double.NaN);
    JsonText.put(root, "infinity", Double.NEGATIVE_INFINITY);
    root.putArray("a").add(1).add(2);

    assertThat(JsonText.format(root))
        .isEqualTo(
            """
            {
              "z" : 0.25,
              "nan" : null,
              "infinity" : null,
              "a" : [ 1, 2 ]
            }
            """);
  }
}
