package dev.tare.engine.infer.lite;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Memory does not grow with the batches that a session runs, nor with the tasks that use it. */
class RunMemoryTest {

  private static final int FIRST_TASKS = 400;
  private static final int MORE_TASKS = 4000;

  /**
   * Less than half a KB for each of the 40,000 further batches and 4 KB for each of the 4,000
   * interpreters. Measured: 1.3 to 1.6 MB; 115 MB where interpreters are not deleted. The heap does
   * not count, since all of it is resident from the start.
   */
  private static final long MOST_KILOBYTES = 16_000;

  private static final int PATIENCE_SECONDS = 600;

  @TempDir private Path folder;

  @Test
  @EnabledOnOs(OS.LINUX)
  void moreBatchesAndTasksTakeNoMoreMemory() throws IOException, InterruptedException {
    ChildJvm.Ended child =
        ChildJvm.run(
            folder.resolve("log"),
            PATIENCE_SECONDS,
            List.of(
                "-Xms48m",
                "-Xmx48m",
                "-XX:+AlwaysPreTouch",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"),
            RunMemory.class,
            List.of(folder.toString(), String.valueOf(FIRST_TASKS), String.valueOf(MORE_TASKS)));
    child.requireWell("RunMemory");
    String printed = child.printed();
    List<Long> resident =
        printed.lines().filter(line -> line.matches("[0-9]+")).map(Long::valueOf).toList();
    assertThat(resident).as(printed).hasSize(2);
    assertThat(resident.get(1) - resident.get(0)).as(printed).isLessThan(MOST_KILOBYTES);
  }
}
