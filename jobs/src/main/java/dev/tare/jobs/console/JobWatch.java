package dev.tare.jobs.console;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.executor.TaskMetrics;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.StageInfo;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.OptionConverters;

/**
 * Follows Spark's current stage and shows its progress.
 *
 * <p>The progress of a stage that reads a shuffle is the share of rows that its tasks have read:
 * the shuffle's writers counted them, and executors report rows read with every heartbeat. So a
 * calibration counts samples, however few tasks it has. Other stages count tasks. What one stage
 * counts is not what the next does, so further stages of the same work are called its steps. No
 * result depends on it.
 */
public final class JobWatch extends SparkListener {

  private static final String DESCRIPTION = "spark.job.description";
  private static final String ROWS_READ = "internal.metrics.shuffle.read.recordsRead";

  private final JobDisplay display;
  private final Map<Integer, String> workOfStage = new HashMap<>();
  private final Map<Integer, Integer> shuffleOfStage = new HashMap<>();
  private final Map<Integer, Long> rowsOfShuffle = new HashMap<>();
  private final Map<Long, Long> readByTask = new HashMap<>();
  private final Map<String, Integer> stepsOfWork = new HashMap<>();
  private String shown = "";
  private int stage = -1;
  private long rows;
  private long tasks;
  private long ended;

  public JobWatch(JobDisplay display) {
    this.display = display;
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart job) {
    String work = job.properties() == null ? null : job.properties().getProperty(DESCRIPTION);
    for (StageInfo info : CollectionConverters.asJava(job.stageInfos())) {
      workOfStage.put(info.stageId(), work == null ? info.name() : work);
      OptionConverters.toJava(info.shuffleDepId())
          .ifPresent(shuffle -> shuffleOfStage.put(info.stageId(), (Integer) shuffle));
    }
  }

  @Override
  public synchronized void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    StageInfo info = submitted.stageInfo();
    // A stage that is tried again is the same step.
    if (info.stageId() != stage) {
      stage = info.stageId();
      String work = workOfStage.getOrDefault(stage, "");
      int step = stepsOfWork.merge(work, 1, Integer::sum);
      shown = step == 1 ? work : work + ", step " + step;
    }
    readByTask.clear();
    ended = 0;
    tasks = info.numTasks();
    rows = 0;
    for (Object parent : CollectionConverters.asJava(info.parentIds())) {
      rows += rowsOfShuffle.getOrDefault(shuffleOfStage.getOrDefault((Integer) parent, -1), 0L);
    }
    show();
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    TaskMetrics metrics = end.taskMetrics();
    if (!end.taskInfo().successful() || metrics == null) {
      readByTask.remove(end.taskInfo().taskId());
      return;
    }
    Integer shuffle = shuffleOfStage.get(end.stageId());
    if (shuffle != null) {
      rowsOfShuffle.merge(shuffle, metrics.shuffleWriteMetrics().recordsWritten(), Long::sum);
    }
    if (end.stageId() == stage) {
      ended++;
      readByTask.put(end.taskInfo().taskId(), metrics.shuffleReadMetrics().recordsRead());
      show();
    }
  }

  @Override
  public synchronized void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
    for (var task : CollectionConverters.asJava(update.accumUpdates())) {
      if ((Integer) task._2() != stage) {
        continue;
      }
      for (AccumulableInfo value : CollectionConverters.asJava(task._4())) {
        if (OptionConverters.toJava(value.name()).filter(ROWS_READ::equals).isPresent()) {
          OptionConverters.toJava(value.update())
              .ifPresent(read -> readByTask.put((Long) task._1(), (Long) read));
        }
      }
    }
    show();
  }

  private void show() {
    if (stage < 0 || tasks == 0) {
      return;
    }
    long read = readByTask.values().stream().mapToLong(Long::longValue).sum();
    // A stage whose tasks read no rows has its input from a cache.
    if (rows > 0 && (read > 0 || ended == 0)) {
      display.show(shown, Math.min(read, rows), rows);
    } else {
      display.show(shown, Math.min(ended, tasks), tasks);
    }
  }
}
