package dev.tare.jobs.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.TareException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublisherTest {
  private static final int RACERS = 8;
  private static final int ROUNDS = 100;

  @TempDir private Path folder;

  @Test
  void linkHasExactlyOneWinnerOfManyAndShowsItsWholeContent() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(RACERS);
    try {
      for (int round = 0; round < ROUNDS; round++) {
        Path target = folder.resolve("manifest-" + round);
        CyclicBarrier start = new CyclicBarrier(RACERS);
        List<Future<Boolean>> races = new ArrayList<>();
        for (int racer = 0; racer < RACERS; racer++) {
          byte[] content = content(racer);
          Path temporary = folder.resolve("temporary-" + round + "-" + racer);
          races.add(
              threads.submit(
                  () -> {
                    start.await();
                    return new LinkPublisher()
                        .publish(content, hadoopPath(temporary), hadoopPath(target));
                  }));
        }
        int winner = -1;
        int winners = 0;
        for (int racer = 0; racer < RACERS; racer++) {
          if (races.get(racer).get()) {
            winner = racer;
            winners++;
          }
        }
        assertThat(winners).as("winners of round %d", round).isEqualTo(1);
        assertThat(Files.readAllBytes(target)).isEqualTo(content(winner));
      }
      try (var names = Files.list(folder)) {
        assertThat(names.filter(p -> p.toString().contains("temporary"))).isEmpty();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void renameLeavesAnExistingFileAsItIs() throws Exception {
    RenamePublisher publisher = new RenamePublisher(new Configuration());
    org.apache.hadoop.fs.Path target = hadoopPath(folder.resolve("manifest"));
    org.apache.hadoop.fs.Path temporary = hadoopPath(folder.resolve("temporary"));

    assertThat(publisher.publish(content(1), temporary, target)).isTrue();
    assertThat(publisher.publish(content(2), temporary, target)).isFalse();
    assertThat(Files.readAllBytes(folder.resolve("manifest"))).isEqualTo(content(1));
    assertThat(folder.resolve("temporary")).doesNotExist();
  }

  /** S3A of Hadoop 3.4.1 and before, which knows nothing of conditional writes. */
  public static final class OlderS3a extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("s3a://bucket");
    }

    @Override
    public boolean hasPathCapability(org.apache.hadoop.fs.Path path, String capability) {
      return false;
    }
  }

  @Test
  void s3aWithoutConditionalWritesIsRefusedUnlessThatIsAccepted() throws Exception {
    Configuration hadoop = new Configuration();
    hadoop.setClass("fs.s3a.impl", OlderS3a.class, FileSystem.class);
    hadoop.set("fs.s3a.impl.disable.cache", "true");
    org.apache.hadoop.fs.Path target = new org.apache.hadoop.fs.Path("s3a://bucket/runs/first");
    assertThatThrownBy(() -> Publisher.of(target, Atomicity.REQUIRED, hadoop))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("Cannot publish on 's3a:'")
        .hasMessageContaining("Hadoop is older than 3.4.2 (it is ")
        .hasMessageContaining("--allow-non-atomic");
    assertThat(Publisher.of(target, Atomicity.WHERE_POSSIBLE, hadoop))
        .isInstanceOf(LookFirstPublisher.class);
  }

  private static byte[] content(int racer) {
    return ("racer " + racer + "\n").repeat(1000).getBytes(StandardCharsets.UTF_8);
  }

  private static org.apache.hadoop.fs.Path hadoopPath(Path path) {
    return new org.apache.hadoop.fs.Path(path.toUri());
  }
}
