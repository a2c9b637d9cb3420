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
 * Lets as many tasks of a JVM hold states at once as its heap has room for; the others wait, each
 * on its core. What they count does not change, so a heap that is too small for all cores costs
 * time and nothing else.
 */
final class StateRoom {

  private static final Map<Integer, Semaphore> ROOMS = new ConcurrentHashMap<>();

  private StateRoom() {}

  /**
   * Waits for room, which comes back when the task ends.
   *
   * @param heap of this JVM
   * @param bytes how much of it the task takes
   * @param beside how much it takes beside the heap, of which there is as much as heap
   * @throws TareException (usage) if the JVM can never have so much
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
