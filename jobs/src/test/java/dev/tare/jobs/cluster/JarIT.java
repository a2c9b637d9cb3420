package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The application jar holds what it must and nothing that Spark brings. */
@Tag("slow")
class JarIT {

  private static final Path JAR = Path.of(System.getProperty("tare.jar"));

  /**
   * Native code for five platforms, that of TensorFlow Lite for four; all that shrinks the jar is
   * worth a look, and so is growth.
   */
  private static final long MAX_BYTES = 88L << 20;

  @Test
  void whatSparkBringsIsNotPacked() throws IOException {
    assertThat(entries())
        .noneMatch(name -> name.startsWith("org/apache/spark/"))
        .noneMatch(name -> name.startsWith("org/apache/hadoop/"))
        .noneMatch(name -> name.startsWith("org/apache/parquet/"))
        .noneMatch(name -> name.startsWith("scala/"))
        .noneMatch(name -> name.startsWith("org/slf4j/"))
        .noneMatch(name -> name.startsWith("org/apache/logging/"))
        .noneMatch(name -> name.startsWith("com/fasterxml/"));
  }

  @Test
  void protobufIsRelocatedAndNativeCallersAreNot() throws IOException {
    assertThat(entries())
        .noneMatch(name -> name.startsWith("com/google/protobuf/"))
        .noneMatch(name -> name.startsWith("com/google/flatbuffers/"))
        .anyMatch(name -> name.startsWith("dev/tare/shaded/protobuf/"))
        .contains(
            "ai/onnxruntime/OrtSession.class",
            "ai/djl/huggingface/tokenizers/HuggingFaceTokenizer.class",
            "com/sun/jna/Native.class",
            "org/bytedeco/tensorflowlite/linux-x86_64/libjnitensorflowlite.so",
            "org/bytedeco/tensorflowlite/linux-arm64/libjnitensorflowlite.so",
            "dev/tare/shaded/flatbuffers/FlatBufferBuilder.class",
            "ai/onnxruntime/native/linux-x64/libonnxruntime.so",
            "native/lib/linux-x86_64/cpu/libtokenizers.so");
  }

  @Test
  void recipesArePackedAndDebugSymbolsAreNot() throws IOException {
    assertThat(entries())
        .contains("dev/tare/recipes/int8.conf", "dev/tare/jobs/Tare.class")
        .noneMatch(name -> name.contains(".dSYM"));
  }

  @Test
  void noEntryStandsTwice() throws IOException {
    assertThat(entries()).doesNotHaveDuplicates();
  }

  @Test
  void servicesNameClassesThatAreThere() throws IOException {
    List<String> entries = entries();
    try (JarFile jar = new JarFile(JAR.toFile())) {
      for (String name : entries) {
        if (name.startsWith("META-INF/services/") && !name.endsWith("/")) {
          String text =
              new String(
                  jar.getInputStream(jar.getEntry(name)).readAllBytes(), StandardCharsets.UTF_8);
          for (String line : text.lines().map(String::strip).toList()) {
            if (!line.isEmpty() && !line.startsWith("#")) {
              assertThat(entries).contains(line.replace('.', '/') + ".class");
            }
          }
        }
      }
    }
  }

  /** A new dependency needs a row in {@code deploy/licenses/README.md}. */
  @Test
  void everyPackageAndVersionIsNamedAmongTheLicences() throws IOException {
    String table;
    try (JarFile jar = new JarFile(JAR.toFile())) {
      JarEntry readme = jar.getJarEntry("META-INF/licenses/README.md");
      table = new String(jar.getInputStream(readme).readAllBytes(), StandardCharsets.UTF_8);
    }
    List<String> packages = named(table, "`([a-z/]+/)`");
    assertThat(entries().stream().filter(name -> name.matches(".*[.](class|so|dll|dylib|jnilib)")))
        .allMatch(
            name ->
                name.startsWith("dev/tare/jobs/") || packages.stream().anyMatch(name::startsWith));
    String path = System.getProperty("java.class.path");
    List<String> versions = named(table, "`([a-z-]+-[0-9.-]+)` \\|");
    assertThat(versions).hasSizeGreaterThan(10).allMatch(name -> path.contains(name + ".jar"));
    assertThat(entries())
        .contains("META-INF/licenses/Apache-2.0.txt", "ThirdPartyNotices.txt", "META-INF/NOTICE");
  }

  @Test
  void theSizeStaysInBounds() throws IOException {
    assertThat(Files.size(JAR)).isLessThan(MAX_BYTES);
  }

  private static List<String> named(String text, String pattern) {
    return Pattern.compile(pattern).matcher(text).results().map(row -> row.group(1)).toList();
  }

  private static List<String> entries() throws IOException {
    try (JarFile jar = new JarFile(JAR.toFile())) {
      Enumeration<JarEntry> entries = jar.entries();
      return java.util.Collections.list(entries).stream()
          .map(JarEntry::getName)
          .collect(Collectors.toList());
    }
  }
}
