package dev.tare.jobs;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;

/** Runs work that waits for storage on many files at a time. */
public final class Concurrently {

  private static final int THREADS = 16;

  private Concurrently() {}

  /**
   * Returns results in the order of the inputs; of several failures, the first in that order is
   * thrown.
   */
  public static <A, B> List<B> map(List<A> inputs, Function<A, B> function) {
    if (inputs.isEmpty()) {
      return List.of();
    }
    ExecutorService pool = Executors.newFixedThreadPool(Math.min(THREADS, inputs.size()));
    try {
      List<Future<B>> futures = new ArrayList<>();
      for (A input : inputs) {
        futures.add(pool.submit(() -> function.apply(input)));
      }
      List<B> results = new ArrayList<>();
      for (Future<B> future : futures) {
        results.add(future.get());
      }
      return results;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while reading files", e);
    } finally {
      pool.shutdownNow();
    }
  }
}
