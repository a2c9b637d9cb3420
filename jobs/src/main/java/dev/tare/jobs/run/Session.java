package dev.tare.jobs.run;

import org.apache.spark.sql.SparkSession;

/** A Spark session that ends with the work, unless somebody else had started it. */
final class Session implements AutoCloseable {

  private final SparkSession spark;
  private final boolean own;

  private Session(SparkSession spark, boolean own) {
    this.spark = spark;
    this.own = own;
  }

  static Session open(String name) {
    boolean own = SparkSession.getDefaultSession().isEmpty();
    return new Session(
        SparkSession.builder()
            .appName(name)
            // Tensor names are data: 'W' and 'w' are two tensors.
            .config("spark.sql.caseSensitive", true)
            // Executors that start from here on: ONNX Runtime and the tokenizer shall not call
            // home.
            .config("spark.executorEnv.ORT_DISABLE_TELEMETRY", "1")
            .config("spark.executorEnv.OPT_OUT_TRACKING", "true")
            .getOrCreate(),
        own);
  }

  SparkSession spark() {
    return spark;
  }

  @Override
  public void close() {
    if (own) {
      spark.stop();
    }
  }
}
