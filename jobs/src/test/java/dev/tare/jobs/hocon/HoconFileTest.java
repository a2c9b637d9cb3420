package dev.tare.jobs.hocon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of anybody's making. */
class HoconFileTest {

  private final Map<String, String> files = new HashMap<>();

  private final HoconFile.Source source =
      new HoconFile.Source() {
        @Override
        public String text(String place) {
          return Optional.ofNullable(files.get(place))
              .orElseThrow(() -> TareException.usage("No such file: " + place));
        }

        @Override
        public String beside(String place, String name) {
          return place.substring(0, place.lastIndexOf('/') + 1) + name;
        }
      };

  private Config read(String text) {
    files.put("etc/run.conf", text);
    return HoconFile.resolved("configuration", "etc/run.conf", source);
  }

  private void refuses(String text, String... words) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("configuration 'etc/run.conf'")
        .satisfies(e -> assertThat(e.getMessage()).contains(words).hasSizeLessThan(400))
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.USAGE);
  }

  /** Lines of ten references each to the line before. */
  private static String laughs(int lines, String value) {
    StringBuilder text = new StringBuilder("l0 = lol\n");
    for (int i = 1; i < lines; i++) {
      text.append("l").append(i).append(" = ");
      text.append(value.replace("x", "${l" + (i - 1) + "}")).append('\n');
    }
    return text.toString();
  }

  @Test
  void depthIsBounded() {
    refuses("samples=" + "[".repeat(20_000), "nested deeper than 64");
    refuses("a=" + "[".repeat(20_000) + "]".repeat(20_000), "nested deeper than 64");
    refuses("a{".repeat(3_000) + "}".repeat(3_000), "nested deeper than 64");
    String path = "a" + ".a".repeat(200_000);
    assertThatThrownBy(() -> read(path + " = 1").root().render())
        .isInstanceOfAny(TareException.class, com.typesafe.config.ConfigException.class);
  }

  @Test
  void expansionIsBounded() {
    refuses(laughs(10, "xxxxxxxxxx"), "expands to more than");
    refuses(laughs(10, "[x,x,x,x,x,x,x,x,x,x]"), "expands to more than");
    refuses(laughs(10, "{a:x,b:x,c:x,d:x,e:x,f:x,g:x,h:x,i:x,j:x}"), "expands to more than");
    refuses(laughs(30, "xx"), "expands to more than");
    refuses(laughs(2_000, "x"), "expands");
  }

  @Test
  void sizeIsBounded() {
    refuses("a = \"" + "x".repeat(2_000_000) + "\"", "more than 1,048,576 characters");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "include url(\"http://127.0.0.1:9/x.conf\")",
        "include url(\"file:///etc/hostname\")",
        "include file(\"/etc/hostname\")",
        "include required(file(\"/etc/hostname\"))",
        "include classpath(\"reference.conf\")",
        "include \"http://127.0.0.1:9/x.conf\"",
        "include \"file:///etc/hostname\"",
        "include \"/etc/hostname\"",
        "include \"../up.conf\"",
        "include \"a/../../up.conf\"",
        "include required(\"/etc/hostname\")"
      })
  void includesStayBesideTheFile(String text) {
    files.put("up.conf", "a = 1");
    refuses(text, "an include names a file in the same folder or below");
  }

  @Test
  void filesBesideAndBelowAreIncluded() {
    files.put("etc/base.conf", "a = 1\ninclude \"sub/deep.conf\"");
    files.put("etc/sub/deep.conf", "include \"other\"\nb = 2");
    files.put("etc/sub/other", "c = 3");
    Config config = read("include \"base.conf\"\na = ${a}0");
    assertThat(config.getInt("a")).isEqualTo(10);
    assertThat(config.getInt("b")).isEqualTo(2);
    assertThat(config.getInt("c")).isEqualTo(3);
  }

  @Test
  void filesThatIncludeEachOtherAreRefused() {
    files.put("etc/other.conf", "include \"run.conf\"");
    refuses("include \"other.conf\"", "includes itself");
  }

  @Test
  void ordinaryReferencesStay() {
    StringBuilder text = new StringBuilder("root = /data\nday = 2026-11-26\n");
    for (int i = 0; i < 200; i++) {
      text.append("k").append(i).append(" = ${root}\"/\"${day}\"/").append(i).append("\"\n");
    }
    text.append("list = [1]\nlist = ${list} [2] # ${list}\nlist += 3\n");
    Config config = read(text.toString());
    assertThat(config.getString("k7")).isEqualTo("/data/2026-11-26/7");
    assertThat(config.getIntList("list")).containsExactly(1, 2, 3);
  }
}
