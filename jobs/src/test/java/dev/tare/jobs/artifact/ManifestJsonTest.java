package dev.tare.jobs.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ManifestJsonTest {
  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);

  private static final String TEXT =
      """
      {
        "format-version" : 1,
        "run-id" : "first",
        "stages" : [
          "calibrate",
          "select"
        ],
        "tare-version" : "0.1.0",
        "created" : "2026-01-02T03:04:05Z",
        "inputs" : [
          {
            "name" : "data",
            "uri" : "file:/d/x.parquet",
            "bytes" : 7,
            "modified" : 1700000000000
          },
          {
            "name" : "model",
            "uri" : "hdfs://n/m.onnx",
            "bytes" : 9,
            "sha256" : "%s"
          }
        ],
        "configuration" : {
          "model" : "hdfs://n/m.onnx",
          "samples" : "256"
        },
        "fingerprint" : "%s",
        "properties" : {
          "gate" : "passed",
          "rows" : {
            "bad" : 1,
            "good" : 2
          }
        },
        "files" : [
          {
            "path" : "plan.json",
            "bytes" : 0,
            "sha256" : "%s"
          },
          {
            "path" : "statistics/part-0.parquet",
            "bytes" : 5,
            "sha256" : "%s"
          }
        ]
      }
      """
          .formatted(A, "0", A, B);

  private static String valid() {
    return TEXT.replaceFirst(
        "\"fingerprint\" : \"[0-9a-f]*\"",
        "\"fingerprint\" : \"" + manifest().fingerprint().sha256() + "\"");
  }

  private static Manifest manifest() {
    ObjectNode properties = StrictJson.object();
    properties.putObject("rows").put("good", 2).put("bad", 1);
    properties.put("gate", "passed");
    return new Manifest(
        "first",
        List.of("calibrate", "select"),
        "0.1.0",
        Instant.parse("2026-01-02T03:04:05.678Z"),
        List.of(
            InputRef.of("model", URI.create("hdfs://n/m.onnx"), new Digest(A, 9)),
            InputRef.unhashed("data", URI.create("file:/d/x.parquet"), 7, 1_700_000_000_000L)),
        new TreeMap<>(Map.of("samples", "256", "model", "hdfs://n/m.onnx")),
        properties,
        Optional.empty(),
        List.of(
            new FileEntry("statistics/part-0.parquet", new Digest(B, 5)),
            new FileEntry("plan.json", new Digest(A, 0))));
  }

  @Test
  void writesTheDocumentedLayoutSorted() {
    assertThat(ManifestJson.format(manifest())).isEqualTo(valid());
  }

  @Test
  void namesTheFolderOfPartsThatDoNotStandInTheRunFolder() {
    Manifest inPlace = manifest().withFiles(Optional.of("_attempt-1"), manifest().files());
    String text = ManifestJson.format(inPlace);

    assertThat(text)
        .isEqualTo(
            valid().replace("  \"files\"", "  \"parts-folder\" : \"_attempt-1\",\n  \"files\""));
    assertThat(ManifestJson.parse(text, "m")).isEqualTo(inPlace);
    assertRefused(text.replace("_attempt-1", "../x"), "m: Not the folder of an attempt: '../x'");
    assertRefused(text.replace("_attempt-1", "_attempt-/../x"), "m: Not the folder of an attempt");
  }

  @Test
  void readsTheDocumentedLayout() {
    Manifest read = ManifestJson.parse(valid(), "m");

    assertThat(read).isEqualTo(manifest());
    assertThat(ManifestJson.format(read)).isEqualTo(valid());
  }

  @Test
  void refusesAnUnknownKeyByName() {
    assertRefused(
        valid().replace("\"run-id\"", "\"colour\" : 1, \"run-id\""),
        "m has the unknown key 'colour'");
    assertRefused(
        valid().replace("\"path\" : \"plan.json\"", "\"mode\" : 1, \"path\" : \"plan.json\""),
        "m, files has the unknown key 'mode'");
  }

  @Test
  void refusesAnotherFormatVersion() {
    assertRefused(
        valid().replace("\"format-version\" : 1", "\"format-version\" : 2"),
        "m has format version 2; this program reads 1");
  }

  @Test
  void refusesAFingerprintThatDoesNotFollow() {
    assertRefused(
        valid().replace("\"samples\" : \"256\"", "\"samples\" : \"255\""), "has the fingerprint");
  }

  @Test
  void refusesPathsThatLeaveTheFolder() {
    for (String path : List.of("../x", "/x", "a/../b", "", "a//b", "./a")) {
      assertRefused(
          valid().replace("\"plan.json\"", "\"" + path + "\""),
          "m: Not a path inside a run folder: '" + path + "'");
    }
  }

  @Test
  void refusesMissingRepeatedAndMistypedKeys() {
    assertRefused(valid().replace("\"run-id\" : \"first\",", ""), "m lacks the key 'run-id'");
    assertRefused(
        valid().replace("\"run-id\" : \"first\",", "\"run-id\" : 5,"),
        "m: 'run-id' must be a text, not 5");
    assertRefused(
        valid().replace("\"run-id\"", "\"run-id\" : \"x\", \"run-id\""),
        "m is not valid JSON: Duplicate");
    assertRefused("[]", "m is not a JSON object");
    assertRefused("{", "m is not valid JSON");
    assertRefused(valid() + "x", "m is not valid JSON");
  }

  @Test
  void holdsACopyOfItsProperties() {
    Manifest manifest = manifest();
    manifest.properties().put("gate", "failed");

    assertThat(manifest.gateFailed()).isFalse();
  }

  @Test
  void refusesAPasswordInAnAddress() {
    assertThatThrownBy(
            () -> InputRef.of("data", URI.create("s3a://key:word@bucket/d"), new Digest(A, 1)))
        .hasMessage(
            "The address of input 'data' on host bucket contains a password;"
                + " use a credential provider");
  }

  private static void assertRefused(String text, String message) {
    assertThatThrownBy(() -> ManifestJson.parse(text, "m"))
        .isInstanceOf(TareException.class)
        .hasMessageContaining(message)
        .extracting(e -> ((TareException) e).exitCode())
        .isEqualTo(ExitCode.BAD_INPUT);
  }
}
