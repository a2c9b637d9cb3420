package dev.tare.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The settings of Spark that are shipped, as Spark reads them. */
class SparkSettingsTest {

  private static Properties settings(String name) throws IOException {
    Properties settings = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of("../conf", name))) {
      settings.load(reader);
    }
    return settings;
  }

  private static Pattern pattern(String name, String key) throws IOException {
    return Pattern.compile(settings(name).getProperty(key));
  }

  /** Spark hides the value of a setting whose name or value the pattern finds something in. */
  @ParameterizedTest
  @ValueSource(strings = {"spark-defaults.conf", "spark-cluster.conf", "spark-secure.conf"})
  void secretsAreHiddenWhateverTheStoreCallsThem(String file) throws IOException {
    Pattern hidden = pattern(file, "spark.redaction.regex");
    for (String secret :
        new String[] {
          "spark.hadoop.fs.azure.account.key.store.blob.core.windows.net",
          "spark.hadoop.fs.azure.account.key",
          "spark.hadoop.fs.azure.sas.container.store.blob.core.windows.net",
          "spark.hadoop.fs.azure.account.oauth2.client.secret",
          "spark.hadoop.fs.s3a.access.key",
          "spark.hadoop.fs.s3a.session.token",
          "spark.hadoop.google.cloud.auth.service.account.private.key",
          "spark.hadoop.some.userCredential",
          "spark.ssl.keyPassphrase",
          "https://user:pw@host/path",
          "jdbc:postgresql://user:pw@host:5432/db",
          "https://store.blob.core.windows.net/c?sv=2024&sig=x&Signature=abc"
        }) {
      assertThat(hidden.matcher(secret).find()).as(secret).isTrue();
    }
    for (String open :
        new String[] {
          "spark.master", "spark://host:7077", "hdfs://name-node:8020/runs", "spark.executor.memory"
        }) {
      assertThat(hidden.matcher(open).find()).as(open).isFalse();
    }
    assertThat(
            pattern(file, "spark.sql.redaction.string.regex")
                .matcher("Location: https://user:pw@host/path")
                .find())
        .isTrue();
    assertThat(
            pattern(file, "spark.sql.redaction.options.regex")
                .matcher("fs.azure.account.key")
                .find())
        .isTrue();
  }

  /** A first heartbeat before the executor is registered would be 30 lines of errors. */
  @Test
  void theFirstHeartbeatAndClosedConnectionsAreNoNewsOnTheConsole() throws IOException {
    String interval =
        settings("spark-defaults.conf").getProperty("spark.executor.heartbeatInterval");
    assertThat(Integer.parseInt(interval.replace("s", ""))).isBetween(5, 10);

    Properties logging = settings("log4j2.properties");
    assertThat(logging.getProperty("logger.messages.name")).isEqualTo("org.apache.spark.rpc.netty");
    assertThat(logging.getProperty("logger.connections.name"))
        .isEqualTo("org.apache.spark.network");
    for (String logger : List.of("messages", "connections")) {
      assertThat(logging.getProperty("logger." + logger + ".additivity")).isEqualTo("false");
      assertThat(logging.stringPropertyNames())
          .contains("logger." + logger + ".appenderRef.file.ref")
          .doesNotContain("logger." + logger + ".appenderRef.console.ref");
    }
  }
}
