package dev.tare.jobs.run;

import dev.tare.jobs.SparkJobs;
import dev.tare.jobs.TareException;
import dev.tare.jobs.storage.Atomicity;
import dev.tare.jobs.storage.RunFolder;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/** Checks how Spark commits the files of tasks. */
final class Committers {
  private static final String PROTOCOL = "spark.sql.sources.commitProtocolClass";
  private static final String PARQUET = "spark.sql.parquet.output.committer.class";
  private static final String S3A = "fs.s3a.committer.name";

  private Committers() {}

  /**
   * Refuses Spark's default committer on {@code s3a:}, which renames, and a rename is a copy there:
   * slow, and a retried task can mix its files. A wrong setting falls back to it silently.
   *
   * @throws TareException (usage) if the session has no committer for {@code s3a:}, but one is
   *     required
   */
  static void require(SparkSession spark, RunFolder folder, Atomicity atomicity)
      throws IOException {
    if (!"s3a".equals(folder.uri().getScheme()) || atomicity == Atomicity.WHERE_POSSIBLE) {
      return;
    }
    Configuration hadoop = SparkJobs.hadoop(spark);
    // Per-bucket settings are only in its file system.
    String committer = folder.path().getFileSystem(hadoop).getConf().get(S3A, "file");
    if (committer.equals("file")
        || !spark.conf().get(PROTOCOL, "").endsWith(".PathOutputCommitProtocol")
        || !spark.conf().get(PARQUET, "").endsWith(".BindingParquetOutputCommitter")) {
      throw TareException.usage(
          ("Cannot write tables to %s: Spark would commit them by copying files; start it with the"
                  + " settings of conf/spark-s3a.conf (the magic committer), or accept that with"
                  + " --allow-non-atomic")
              .formatted(folder.path()));
    }
  }
}
