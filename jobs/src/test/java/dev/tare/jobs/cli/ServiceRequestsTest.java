package dev.tare.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What the requests for EMR, Dataproc and Kubernetes say to Tare and to Spark: words that the
 * command line takes, and the settings of {@code conf/}.
 */
class ServiceRequestsTest {

  private static final Path ROOT = Path.of(System.getProperty("tare.root"));
  private static final Pattern CONF = Pattern.compile("--conf (\\S+?)=(\\S+)");

  @Test
  void emrServerlessStartsTheCommandWithTheSettings() throws IOException {
    JsonNode job =
        new JsonMapper()
            .readTree(ROOT.resolve("deploy/emr-serverless/job.json").toFile())
            .path("jobDriver")
            .path("sparkSubmit");
    requireTaken(job.path("entryPointArguments"));
    Map<String, String> settings = new TreeMap<>();
    CONF.matcher(job.path("sparkSubmitParameters").asText())
        .results()
        .forEach(conf -> settings.put(conf.group(1), conf.group(2)));
    assertThat(shipped()).containsAllEntriesOf(settings);
    assertThat(settings).containsAllEntriesOf(settings("spark-s3a.conf"));
  }

  @Test
  void dataprocStartsTheCommandWithTheSettings() throws IOException {
    JsonNode batch = new JsonMapper().readTree(ROOT.resolve("deploy/dataproc/batch.json").toFile());
    requireTaken(batch.path("sparkBatch").path("args"));
    assertThat(shipped())
        .containsAllEntriesOf(texts(batch.path("runtimeConfig").path("properties")));
  }

  @Test
  void theOperatorStartsTheCommandWithTheSettings() throws IOException {
    JsonNode spec =
        new YAMLMapper()
            .readTree(ROOT.resolve("deploy/kubernetes/spark-application.yaml").toFile())
            .path("spec");
    requireTaken(spec.path("arguments"));
    Map<String, String> settings = texts(spec.path("sparkConf"));
    assertThat(shipped()).containsAllEntriesOf(settings);
    assertThat(settings).containsAllEntriesOf(settings("spark-s3a.conf"));
  }

  private static void requireTaken(JsonNode arguments) {
    List<String> words = new ArrayList<>();
    arguments.forEach(word -> words.add(word.asText()));
    StringWriter err = new StringWriter();
    PrintWriter writer = new PrintWriter(err, true);
    List<RecordedCommands.Call> calls = new ArrayList<>();
    assertThat(new RecordedCommands(calls, writer, writer).run(words))
        .as("%s%n%s", words, err)
        .isZero();
    assertThat(calls).hasSize(1);
  }

  private static Map<String, String> shipped() throws IOException {
    Map<String, String> settings = settings("spark-cluster.conf");
    settings.putAll(settings("spark-s3a.conf"));
    return settings;
  }

  private static Map<String, String> settings(String name) throws IOException {
    Properties read = new Properties();
    try (Reader reader = Files.newBufferedReader(ROOT.resolve("conf").resolve(name))) {
      read.load(reader);
    }
    Map<String, String> settings = new TreeMap<>();
    read.stringPropertyNames().forEach(key -> settings.put(key, read.getProperty(key)));
    return settings;
  }

  private static Map<String, String> texts(JsonNode object) {
    Map<String, String> texts = new TreeMap<>();
    object.properties().forEach(field -> texts.put(field.getKey(), field.getValue().asText()));
    return texts;
  }
}
