package dev.tare.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.TareException;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.testkit.SmallModels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadAheadTest {

  private static final String THREAD = "tare-read-ahead";

  @TempDir Path folder;

  /** Waits for the threads that were begun. */
  private static void join() throws InterruptedException {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals(THREAD)) {
        thread.join(600_000);
      }
    }
  }

  @Test
  void workIsDoneInAnotherThreadAndItsFailureIsLeftToOthers() throws Exception {
    CompletableFuture<Thread> thread = new CompletableFuture<>();
    List<Throwable> uncaught = new CopyOnWriteArrayList<>();
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((in, e) -> uncaught.add(e));
    try {
      ReadAhead.begin(
          () -> {
            thread.complete(Thread.currentThread());
            throw new IllegalStateException("met again by who needs the result");
          });
      assertThat(thread.get(600, TimeUnit.SECONDS).getName()).isEqualTo(THREAD);
      join();
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertThat(uncaught).isEmpty();
  }

  @Test
  void aModelIsPreparedOnce() throws Exception {
    String model = SmallModels.exportedMlp().write(folder.resolve("ahead.onnx"));
    Configuration hadoop = new Configuration();
    ReadAhead.model(model, hadoop);
    Object prepared = ModelHandle.open(model, hadoop).prepared();
    join();
    assertThat(ModelHandle.open(model, hadoop).prepared()).isSameAs(prepared);
  }

  @Test
  void aModelThatCannotBeReadIsToldByWhoOpensIt() throws Exception {
    Path model = Files.writeString(folder.resolve("text.onnx"), "no model");
    Configuration hadoop = new Configuration();
    ReadAhead.model(model.toString(), hadoop);
    join();
    assertThatThrownBy(() -> ModelHandle.open(model.toString(), hadoop))
        .isInstanceOf(TareException.class)
        .hasMessageContaining("text.onnx");
  }
}
