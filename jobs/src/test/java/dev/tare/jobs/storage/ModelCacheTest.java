package dev.tare.jobs.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.faults.SlowFileSystem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCacheTest {
  private final Configuration hadoop = new Configuration();
  @TempDir private Path temporary;
  private Path source;
  private Path cache;

  @BeforeEach
  void write() throws Exception {
    source = Files.writeString(temporary.resolve("m.onnx"), "model of " + temporary);
    cache = temporary.resolve("cache");
    // The same bytes through a file system that is not file:.
    hadoop.setBoolean("fs.viewfs.impl.disable.cache", true);
    hadoop.set("fs.viewfs.mounttable.t.link./models", temporary.toUri().toString());
  }

  private ModelRef remote() throws Exception {
    return ModelRef.of("viewfs://t/models/m.onnx", hadoop);
  }

  @Test
  void usesALocalFileWhereItStands() throws Exception {
    ModelRef ref = ModelRef.of(source.toString(), hadoop);

    assertThat(ModelCache.in(cache).fetch(ref, hadoop)).isEqualTo(source);
    assertThat(cache).doesNotExist();
  }

  @Test
  void onlyAFileAtRestIsKnownWithoutBeingRead() throws Exception {
    Digest digest = Digest.of(Files.readAllBytes(source));
    FileStamp stamp = FileStamp.of(source).orElseThrow();

    ModelCache.remember(source, digest, stamp, Instant.now());
    assertThat(ModelCache.known(source, stamp)).isEmpty();
    ModelCache.remember(source, digest, stamp, Instant.now().plusSeconds(10));
    assertThat(ModelCache.known(source, stamp)).contains(digest);
    Files.writeString(source, "other of " + temporary);
    assertThat(ModelCache.known(source, FileStamp.of(source).orElseThrow())).isEmpty();
  }

  @Test
  void copiesARemoteFileOnceUnderItsHash() throws Exception {
    ModelRef ref = remote();
    Path local = ModelCache.in(cache).fetch(ref, hadoop);

    assertThat(local).isEqualTo(cache.resolve("sha256").resolve(ref.sha256()));
    assertThat(local).hasSameBinaryContentAs(source);
    Files.delete(source);
    assertThat(ModelCache.in(cache).fetch(ref, hadoop)).isEqualTo(local);
    try (var names = Files.list(cache.resolve("sha256"))) {
      assertThat(names).containsExactly(local);
    }
  }

  @Test
  void replacesADamagedCacheEntry() throws Exception {
    ModelRef ref = remote();
    Path entry = Files.createDirectories(cache.resolve("sha256")).resolve(ref.sha256());
    Files.write(entry, new byte[(int) ref.length()]);

    assertThat(ModelCache.in(cache).fetch(ref, hadoop)).hasSameBinaryContentAs(source);
  }

  @Test
  void refusesAFileThatChangedSinceTheRunBegan() throws Exception {
    ModelRef ref = remote();
    Files.writeString(source, "another");
    Files.deleteIfExists(temporary.resolve(".m.onnx.crc"));

    assertThatThrownBy(() -> ModelCache.in(cache).fetch(ref, hadoop))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("viewfs://t/models/m.onnx has changed since the run began: 7 bytes");
  }

  @Test
  void noticesALocalFileThatWasReplacedByOneOfEqualLengthAndTime() throws Exception {
    ModelRef ref = ModelRef.of(source.toString(), hadoop);
    ModelCache.in(cache).fetch(ref, hadoop);
    byte[] right = Files.readAllBytes(source);
    byte[] wrong = right.clone();
    wrong[0]++;
    var time = Files.getLastModifiedTime(source);
    Files.write(source, wrong);
    Files.setLastModifiedTime(source, time);

    assertThatThrownBy(() -> ModelCache.in(cache).fetch(ref, hadoop))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("m.onnx has changed since the run began: ");
    assertThatThrownBy(() -> ref.requireUnchanged(hadoop))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("m.onnx has changed since the run began: ");
    Files.write(source, right);
    assertThat(ModelCache.in(cache).fetch(ref, hadoop)).isEqualTo(source);
    ref.requireUnchanged(hadoop);
    Files.delete(source);
    assertThatThrownBy(() -> ref.requireUnchanged(hadoop))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("the run began: No such file: ");
  }

  @Test
  void replacesACacheEntryThatWasChangedSinceItWasChecked() throws Exception {
    ModelRef ref = remote();
    Path local = ModelCache.in(cache).fetch(ref, hadoop);
    byte[] wrong = Files.readAllBytes(local);
    wrong[0]++;
    Files.write(local, wrong);

    assertThat(ModelCache.in(cache).fetch(ref, hadoop)).hasSameBinaryContentAs(source);
  }

  @Test
  void aFolderIsNoModelAndItsModelsAreNamed() throws Exception {
    Files.writeString(temporary.resolve("notes.txt"), "x");
    assertThatThrownBy(() -> ModelRef.of(temporary.toString(), hadoop))
        .isInstanceOf(TareException.class)
        .hasMessage("file:" + temporary + " is a folder; name the file in it (found: m.onnx)");
  }

  @Test
  void aPipeOrADeviceIsNoModelAndIsNotWaitedFor() throws Exception {
    Path pipe = temporary.resolve("pipe.onnx");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    for (String odd : List.of(pipe.toString(), "/dev/zero")) {
      assertThatThrownBy(() -> ModelRef.of(odd, hadoop))
          .isInstanceOf(TareException.class)
          .hasMessage(
              "Cannot read file:"
                  + odd
                  + ": it is not a regular file but a pipe, a socket or a device");
    }
    Path link = Files.createSymbolicLink(temporary.resolve("l.onnx"), Path.of("nothing"));
    assertThatThrownBy(() -> ModelRef.of(link.toString(), hadoop))
        .hasMessageContaining("l.onnx is a symbolic link to nothing, which does not exist");
  }

  private ModelFiles remoteWithData() throws Exception {
    Files.createDirectories(temporary.resolve("deep"));
    Files.writeString(temporary.resolve("deep/w.bin"), "weights of " + temporary);
    return new ModelFiles(
        remote(),
        new TreeMap<>(Map.of("deep/w.bin", ModelRef.of("viewfs://t/models/deep/w.bin", hadoop))));
  }

  @Test
  void copiesAModelWithItsDataFilesIntoOneFolder() throws Exception {
    ModelFiles files = remoteWithData();
    Path local = ModelCache.in(cache).fetch(files, hadoop);

    assertThat(local).isEqualTo(cache.resolve("models").resolve(files.sha256()).resolve("m.onnx"));
    assertThat(local).hasSameBinaryContentAs(source);
    assertThat(local.resolveSibling("deep/w.bin"))
        .hasSameBinaryContentAs(temporary.resolve("deep/w.bin"));
    Files.delete(source);
    assertThat(ModelCache.in(cache).fetch(files, hadoop)).isEqualTo(local);
    try (var names = Files.list(cache.resolve("models"))) {
      assertThat(names).containsExactly(local.getParent());
    }
  }

  @Test
  void replacesADamagedDataFile() throws Exception {
    ModelFiles files = remoteWithData();
    Path entry = cache.resolve("models").resolve(files.sha256());
    Files.createDirectories(entry.resolve("deep"));
    Files.copy(source, entry.resolve("m.onnx"));
    Files.write(
        entry.resolve("deep/w.bin"), new byte[(int) files.data().get("deep/w.bin").length()]);

    Path local = ModelCache.in(cache).fetch(files, hadoop);
    assertThat(local.resolveSibling("deep/w.bin"))
        .hasSameBinaryContentAs(temporary.resolve("deep/w.bin"));
  }

  @Test
  void usesALocalModelWithDataWhereItStands() throws Exception {
    remoteWithData();
    ModelFiles files =
        new ModelFiles(
            ModelRef.of(source.toString(), hadoop),
            new TreeMap<>(
                Map.of(
                    "deep/w.bin",
                    ModelRef.of(temporary.resolve("deep/w.bin").toString(), hadoop))));

    assertThat(ModelCache.in(cache).fetch(files, hadoop)).isEqualTo(source);
    assertThat(cache).doesNotExist();
  }

  @Test
  void dataFilesAreOfAModelsIdentity() throws Exception {
    ModelFiles files = remoteWithData();
    ModelFiles alone = new ModelFiles(files.model(), new TreeMap<>());
    ModelRef other = new ModelRef(URI.create("x:/w"), "0".repeat(64), 1);

    assertThat(alone.sha256()).isEqualTo(files.model().sha256());
    assertThat(files.sha256())
        .isNotEqualTo(alone.sha256())
        .isNotEqualTo(
            new ModelFiles(files.model(), new TreeMap<>(Map.of("deep/w.bin", other))).sha256())
        .isNotEqualTo(
            new ModelFiles(
                    files.model(), new TreeMap<>(Map.of("w", files.data().get("deep/w.bin"))))
                .sha256());
    assertThat(files.bytes())
        .isEqualTo(files.model().length() + files.data().get("deep/w.bin").length());
    assertThat(files.areAmong(files.asInputs())).isTrue();
    assertThat(files.areAmong(alone.asInputs())).isFalse();
    assertThat(files.differences(alone.asInputs())).contains("model-data with sha256 ");
  }

  @Test
  void namesAFileThatIsMissing() {
    assertThatThrownBy(() -> ModelRef.of(temporary.resolve("no.onnx").toString(), hadoop))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("No such file: file:" + temporary.resolve("no.onnx"));
    ModelRef gone = new ModelRef(URI.create("viewfs://t/models/no"), "0".repeat(64), 1);
    assertThatThrownBy(() -> ModelCache.in(cache).fetch(gone, hadoop))
        .isInstanceOf(TareException.class)
        .hasMessage("No such file: viewfs://t/models/no");
  }

  @Test
  void refusesACacheThatIsALink() throws Exception {
    Files.createSymbolicLink(cache, Files.createDirectory(temporary.resolve("elsewhere")));
    ModelRef ref = remote();

    assertThatThrownBy(() -> ModelCache.in(cache).fetch(ref, hadoop))
        .hasMessageContaining("cache is not a folder of this user; remove it");
  }

  @Test
  void referenceAndSettingsTravel() throws Exception {
    hadoop.set("tare.test", "x");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(remote());
      out.writeObject(HadoopSettings.of(hadoop));
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(in.readObject()).isEqualTo(remote());
      HadoopSettings settings = (HadoopSettings) in.readObject();
      assertThat(settings.configuration().get("tare.test")).isEqualTo("x");
      assertThat(settings.toString()).startsWith("HadoopSettings[").doesNotContain("tare.test");
    }
  }

  @Test
  void ofManyJvmsOfOneMachineOneCopies() throws Exception {
    Path source = Files.writeString(temporary.resolve("slow.onnx"), "model of many");
    Digest digest = Digest.of("model of many");
    Path cache = temporary.resolve("shared-cache");
    List<Process> jvms = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      jvms.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty(
                      "surefire.test.class.path", System.getProperty("java.class.path")),
                  SlowFileSystem.class.getName(),
                  "odd:" + source,
                  digest.sha256(),
                  String.valueOf(digest.bytes()),
                  cache.toString())
              .redirectErrorStream(true)
              .redirectOutput(temporary.resolve("jvm-" + i).toFile())
              .start());
    }
    for (int i = 0; i < jvms.size(); i++) {
      assertThat(jvms.get(i).waitFor())
          .as(Files.readString(temporary.resolve("jvm-" + i)))
          .isZero();
      assertThat(Files.readString(temporary.resolve("jvm-" + i)))
          .contains(cache.resolve("sha256").resolve(digest.sha256()).toString());
    }
    try (var names = Files.list(temporary)) {
      assertThat(names.filter(name -> name.toString().contains(".opened-"))).hasSize(1);
    }
  }
}
