package dev.tare.jobs.calibrate;

import dev.tare.jobs.TareException;
import dev.tare.jobs.TaskHeap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Limits the tasks of a JVM that have states at once to what its heap has space for; the others
 * wait, each on its core. Results do not change, so a heap that is too small for all cores only
 * costs time.
 */
final class StateRoom {

  private static final Map<Integer, Semaphore> ROOMS = new ConcurrentHashMap<>();

  private StateRoom() {}

  /**
   * Waits for memory, which is released when the task ends.
   *
   * @param heap of this JVM
   * @param bytes how much of it the task needs
   * @param beside how much it needs outside the heap, where as much is available as in it
   * @throws TareException (usage) if the JVM can never have that much
   */
  static void enter(TaskHeap heap, long bytes, long beside) {
    TaskContext task = TaskContext.get();
    if (task == null) {
      return;
    }
    if (bytes > heap.room()) {
      throw StatePlan.doesNotFit(heap, bytes);
    }
    Semaphore room = ROOMS.computeIfAbsent(megabytes(heap.room()), n -> new Semaphore(n, true));
    double share = Math.max((double) bytes / heap.room(), (double) beside / heap.bytes());
    int taken = Math.min(megabytes((long) (share * heap.room())), megabytes(heap.room()));
    try {
      while (!room.tryAcquire(taken, 1, TimeUnit.SECONDS)) {
        if (task.isInterrupted()) {
          throw new TaskKilledException("while it waited for room in the heap");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TaskKilledException("while it waited for room in the heap");
    }
    task.addTaskCompletionListener((TaskCompletionListener) ended -> room.release(taken));
  }

  private static int megabytes(long bytes) {
    return (int) Math.min(Integer.MAX_VALUE, (bytes >> 20) + 1);
  }
}
