package dev.tare.jobs.lineage;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.tare.jobs.Build;
import io.openlineage.client.Clients;
import io.openlineage.client.ConfigPathProvider;
import io.openlineage.client.DefaultConfigPathProvider;
import io.openlineage.client.OpenLineage;
import io.openlineage.client.OpenLineageClient;
import io.openlineage.client.OpenLineageClientUtils;
import io.openlineage.client.OpenLineageConfig;
import io.openlineage.client.utils.OpenLineageEnvParser;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Tells OpenLineage when a run begins, completes or fails, and what it read and wrote: models that
 * executors read are invisible to Spark's listeners.
 *
 * <p>OpenLineage's own configuration decides where events go: the file that {@code
 * OPENLINEAGE_CONFIG} names, {@code openlineage.yml} in the working folder or in {@code
 * ~/.openlineage}, or variables that begin with {@code OPENLINEAGE__}. Without any of them nothing
 * is sent. A transport that fails never fails a run; the user is told once.
 */
public final class LineageEvents {

  private static final String CONFIG = "OPENLINEAGE_CONFIG";

  private final ConfigPathProvider places;
  private final Map<String, String> environment;
  private final Consumer<String> say;

  /**
   * @param places where a configuration file may be
   * @param environment variables
   * @param say receives one line if events cannot be sent
   */
  LineageEvents(ConfigPathProvider places, Map<String, String> environment, Consumer<String> say) {
    this.places = places;
    this.environment = Map.copyOf(environment);
    this.say = say;
  }

  /**
   * Events as the environment of this process configures them.
   *
   * @param say receives one line if events cannot be sent
   */
  public static LineageEvents ofEnvironment(Consumer<String> say) {
    return new LineageEvents(new DefaultConfigPathProvider(), System.getenv(), say);
  }

  /**
   * Events as a configuration file says, whatever the environment says.
   *
   * @param say receives one line if events cannot be sent
   */
  public static LineageEvents configuredBy(Path file, Consumer<String> say) {
    return new LineageEvents(() -> List.of(file), Map.of(), say);
  }

  /**
   * Tells that a run begins.
   *
   * @param command name of the subcommand
   * @param folder the run's folder; the folder around it names the job, which recurs
   * @param sparkVersion version of Spark that runs it
   */
  public LineageJob start(String command, URI folder, String sparkVersion) {
    try {
      Optional<OpenLineageClient> client = client();
      if (client.isEmpty()) {
        return LineageJob.UNHEARD;
      }
      OpenLineage language = new OpenLineage(URI.create("https://tare.dev/" + version()));
      JobName name = JobName.of(command, folder, environment);
      LineageJob job =
          LineageJob.of(
              new EventForm(language, name, ParentRun.of(environment), sparkVersion, version()),
              client.get(),
              say);
      job.begin();
      return job;
    } catch (RuntimeException | LinkageError e) {
      LineageJob.tell(say, e);
      return LineageJob.UNHEARD;
    }
  }

  private static String version() {
    return Build.current().version();
  }

  private Optional<OpenLineageClient> client() {
    Optional<Path> file = places.getPaths().stream().filter(Files::exists).findFirst();
    if (file.isPresent()) {
      return Optional.of(Clients.newClient(() -> List.of(file.get())));
    }
    if (environment.containsKey(CONFIG)) {
      throw new IllegalArgumentException(
          "%s names %s, which is not there".formatted(CONFIG, environment.get(CONFIG)));
    }
    if (environment.isEmpty() || !OpenLineageEnvParser.OpenLineageEnvVarsExist()) {
      return Optional.empty();
    }
    OpenLineageConfig<?> config =
        OpenLineageClientUtils.loadOpenLineageConfigFromEnvVars(
            new TypeReference<OpenLineageConfig<?>>() {});
    return Optional.of(Clients.newClient(config));
  }
}
