package dev.tare.jobs.storage;

import static org.assertj.core.api.Assertions.assertThat;

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

  private static byte[] content(int racer) {
    return ("racer " + racer + "\n").repeat(1000).getBytes(StandardCharsets.UTF_8);
  }

  private static org.apache.hadoop.fs.Path hadoopPath(Path path) {
    return new org.apache.hadoop.fs.Path(path.toUri());
  }
}
