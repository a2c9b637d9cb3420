package dev.tare.jobs.run;

import dev.tare.testkit.SmallModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Runs of a tiny network over days whose data drift, made by the command line. */
public final class DailyRuns {

  private static final int ROWS = 200;
  private static final int WIDTH = 6;
  private static final String MODEL = "model.onnx";

  /** Days of {@link #month}. */
  public static final int DAYS = 30;

  /** Values of the input tensor on one day. */
  public static final int VALUES = ROWS * WIDTH;

  private final Path folder;
  private final String model;

  private DailyRuns(Path folder, String model) {
    this.folder = folder;
    this.model = model;
  }

  /** Writes the model; runs go to {@code runs} below the folder. */
  public static DailyRuns in(Path folder) throws IOException {
    Files.createDirectories(folder);
    return new DailyRuns(folder, SmallModels.exportedMlp().write(folder.resolve(MODEL)));
  }

  /** The month of November in {@code target/thirty-days}, made once a build. */
  public static DailyRuns month() throws IOException {
    Path folder =
        SharedFolder.of(
            "thirty-days",
            made -> {
              DailyRuns days = in(made);
              for (int day = 1; day <= DAYS; day++) {
                days.day(day);
              }
            });
    return new DailyRuns(folder, folder.resolve(MODEL).toString());
  }

  /** The folder that holds all runs of {@link #day}. */
  public Path root() {
    return folder.resolve("runs");
  }

  public String model() {
    return model;
  }

  /** The file of a day's data; {@link #data()} holds those that were asked for. */
  public Path data(int day) throws IOException {
    Path file = data().resolve(id(day) + ".parquet");
    if (!Files.exists(file)) {
      Path written = folder.resolve("written").resolve(id(day));
      CommandLine.write(written, "x array<float>", rows(day));
      Files.createDirectories(data());
      Files.move(CommandLine.onlyPart(written), file);
    }
    return file;
  }

  /** The folder with the data of all days. */
  public Path data() {
    return folder.resolve("data");
  }

  /** The run id of a day of November. */
  public static String id(int day) {
    return "day-%02d".formatted(day);
  }

  /** Rows of a day, wider from day to day. */
  private static Row[] rows(int day) {
    Random random = new Random(day);
    Row[] rows = new Row[ROWS];
    for (int i = 0; i < ROWS; i++) {
      List<Float> values = new ArrayList<>();
      for (int k = 0; k < WIDTH; k++) {
        values.add((float) (random.nextGaussian() * (1 + 0.02 * day)));
      }
      rows[i] = RowFactory.create(values);
    }
    return rows;
  }

  /** Calibrates on one day. */
  public Path day(int day) throws IOException {
    return calibrate(data(day), root().resolve(id(day)));
  }

  /** Calibrates on some data. */
  public Path calibrate(Path data, Path output) {
    return tare(
        output,
        "calibrate",
        "--model",
        model,
        "--data",
        data.toString(),
        "--partitions",
        "1",
        "--if-finished",
        "reuse");
  }

  /** All stages in one folder. */
  public Path whole(String recipe, Path data, Path output) {
    return tare(
        output,
        "run",
        "--model",
        model,
        "--data",
        data.toString(),
        "--recipe",
        recipe,
        "--min-cosine",
        "0.5");
  }

  /** Another plan from the statistics of a run. */
  public Path select(String recipe, Path statistics, Path output) {
    return tare(
        output,
        "select",
        "--model",
        model,
        "--statistics",
        statistics.toString(),
        "--recipe",
        recipe);
  }

  /** Any command that writes a run. */
  public Path tare(Path output, String... words) {
    List<String> arguments = new ArrayList<>(List.of(words));
    arguments.addAll(1, List.of("--output", output.toString()));
    CommandLine.tare(arguments.toArray(String[]::new)).ends(0);
    return output;
  }

  /** The identity of a run's statistics. */
  public static String contentSha256(Path run) throws IOException {
    return CommandLine.contentSha256(run);
  }
}
