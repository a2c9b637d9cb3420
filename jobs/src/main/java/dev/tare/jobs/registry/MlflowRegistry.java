package dev.tare.jobs.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Part;
import dev.tare.jobs.manage.Publishable;
import dev.tare.jobs.model.ModelHandle;
import dev.tare.jobs.storage.FinishedRun;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Registers the quantized ONNX model of a run in MLflow: a run of MLflow with parameters, metrics,
 * documents and model, a version of a registered model, and an alias.
 *
 * <p>Run and version have the tag {@value #TAG}, the sha256 of the run's manifest, by which another
 * try finds what an earlier one made. MLflow has no compare-and-set: two processes that register
 * the same run at the same time may make two versions.
 */
public final class MlflowRegistry {

  static final String TAG = "tare_manifest_sha256";

  private static final String EXISTS = "RESOURCE_ALREADY_EXISTS";
  private static final String UNKNOWN = "RESOURCE_DOES_NOT_EXIST";
  private static final String EXPERIMENT = "tare";
  private static final String FOLDER = "model";
  private static final List<Part> DOCUMENTS =
      List.of(Part.PLAN_JSON, Part.QUALITY, Part.CALIBRATION_CACHE);

  private final MlflowServer server;
  private final Configuration hadoop;

  /**
   * @param uri address of the tracking server
   * @throws TareException (usage) if it is no address of a server
   */
  public MlflowRegistry(String uri, Configuration hadoop) {
    this.server = new MlflowServer(uri, System.getenv());
    this.hadoop = hadoop;
  }

  /** Makes a page about the run when it is needed. */
  public interface Report {
    Path make() throws IOException;
  }

  /**
   * Registers a run, and points the alias to its version if its gate passed.
   *
   * @param report is uploaded; made only if the run is not registered yet
   * @return what was done, one line each
   * @throws TareException (platform) if the server cannot be reached; (usage) if it refuses; (bad
   *     input) if the run has no ONNX model
   */
  public List<String> register(Publishable publishable, RegisteredName name, Report report)
      throws IOException {
    try {
      return registered(publishable, name, report);
    } catch (MlflowServer.Refusal e) {
      throw TareException.usage(
          "The MLflow at %s refuses: %s (%s)".formatted(server.root(), e.getMessage(), e.code()),
          e);
    }
  }

  private List<String> registered(Publishable publishable, RegisteredName name, Report report)
      throws IOException {
    FinishedRun run = publishable.run();
    String sha256 = run.manifestDigest().sha256();
    server.postUnless(
        EXISTS, "registered-models/create", MlflowServer.object().put("name", name.model()));
    Optional<String> known = version(name, sha256);
    String version =
        known.isPresent() ? known.get() : newVersion(publishable, name, sha256, report);
    String what =
        "models:/%s/%s is %s%s"
            .formatted(
                name.model(), version, run.folder().path(), known.isPresent() ? " already" : "");
    if (!publishable.gatePassed()) {
      return List.of(what, "%s was not moved, since there is no gate".formatted(name.uri()));
    }
    server.post(
        "registered-models/alias",
        MlflowServer.object()
            .put("name", name.model())
            .put("alias", name.alias())
            .put("version", version));
    return List.of(what, "%s points to version %s".formatted(name.uri(), version));
  }

  /** What an alias points to, for messages; nothing where the registry has no such alias. */
  public String unchanged(RegisteredName name) throws IOException {
    TreeMap<String, String> query = new TreeMap<>();
    query.put("name", name.model());
    query.put("alias", name.alias());
    try {
      String version =
          server
              .get("registered-models/alias", query)
              .path("model_version")
              .path("version")
              .asText();
      return "%s still points to version %s".formatted(name.uri(), version);
    } catch (MlflowServer.Refusal e) {
      return "nothing was registered as " + name.uri();
    }
  }

  private Optional<String> version(RegisteredName name, String sha256) throws IOException {
    TreeMap<String, String> query = new TreeMap<>();
    query.put("filter", "name='%s' and tags.%s='%s'".formatted(name.model(), TAG, sha256));
    JsonNode versions = server.get("model-versions/search", query).path("model_versions");
    return versions.isEmpty()
        ? Optional.empty()
        : Optional.of(versions.path(0).path("version").asText());
  }

  private String newVersion(
      Publishable publishable, RegisteredName name, String sha256, Report report)
      throws IOException {
    FinishedRun run = publishable.run();
    Path file = run.verifiedModel(ModelHandle.namesInFolders());
    if (!file.getName().endsWith(".onnx")) {
      throw TareException.badInput(
          "Cannot register %s in MLflow: only models in ONNX can be".formatted(file));
    }
    String experiment = experiment();
    JsonNode info = runOf(experiment, run, sha256);
    String id = info.path("run_id").asText();
    String artifacts = info.path("artifact_uri").asText();
    log(publishable, id);
    upload(
        artifacts,
        Part.MANIFEST.fileName(),
        new Path(run.folder().path(), Part.MANIFEST.fileName()),
        run.manifestDigest().bytes());
    for (Part document : DOCUMENTS) {
      for (FinishedRun.StoredFile stored : run.files(document)) {
        upload(artifacts, stored.path().getName(), stored.path(), stored.digest().bytes());
      }
    }
    Path page = report.make();
    upload(artifacts, "report.html", page, page.getFileSystem(hadoop).getFileStatus(page).getLen());
    for (FinishedRun.StoredFile stored : run.files(Part.MODEL)) {
      String member = FOLDER + "/" + stored.path().getName();
      upload(artifacts, member, stored.path(), stored.digest().bytes());
    }
    upload(artifacts, FOLDER + "/requirements.txt", ModelDocument.requirements());
    upload(artifacts, FOLDER + "/conda.yaml", ModelDocument.condaEnvironment());
    upload(artifacts, FOLDER + "/python_env.yaml", ModelDocument.pythonEnvironment());
    String document =
        ModelDocument.mlmodel(
            FOLDER,
            file.getName(),
            id,
            run.manifest().created(),
            ModelHandle.openUnchecked(file.toString(), hadoop).parse());
    upload(artifacts, FOLDER + "/MLmodel", document);
    server.post(
        "runs/update",
        MlflowServer.object()
            .put("run_id", id)
            .put("status", "FINISHED")
            .put("end_time", Instant.now().toEpochMilli()));
    ObjectNode version =
        MlflowServer.object()
            .put("name", name.model())
            .put("source", artifacts + "/" + FOLDER)
            .put("run_id", id)
            .put("description", "Tare run " + run.folder().path());
    tags(version, run, sha256);
    return server
        .post("model-versions/create", version)
        .path("model_version")
        .path("version")
        .asText();
  }

  private static void tags(ObjectNode to, FinishedRun run, String sha256) {
    SortedMap<String, String> tags = new TreeMap<>();
    tags.put(TAG, sha256);
    tags.put("tare_run", run.folder().path().toString());
    tags.put("tare_gate", run.manifest().gate().word());
    ArrayNode array = to.putArray("tags");
    tags.forEach((key, value) -> array.addObject().put("key", key).put("value", value));
  }

  private String experiment() throws IOException {
    String name = server.variable("MLFLOW_EXPERIMENT_NAME").orElse(EXPERIMENT);
    TreeMap<String, String> query = new TreeMap<>();
    query.put("experiment_name", name);
    try {
      return server
          .get("experiments/get-by-name", query)
          .path("experiment")
          .path("experiment_id")
          .asText();
    } catch (MlflowServer.Refusal e) {
      if (!e.code().equals(UNKNOWN)) {
        throw e;
      }
      return server
          .post("experiments/create", MlflowServer.object().put("name", name))
          .path("experiment_id")
          .asText();
    }
  }

  /** The run of MLflow that an earlier try began, or a new one. */
  private JsonNode runOf(String experiment, FinishedRun run, String sha256) throws IOException {
    ObjectNode search =
        MlflowServer.object().put("filter", "tags.%s = '%s'".formatted(TAG, sha256));
    search.putArray("experiment_ids").add(experiment);
    JsonNode found = server.post("runs/search", search).path("runs");
    if (!found.isEmpty()) {
      return found.path(0).path("info");
    }
    ObjectNode created =
        MlflowServer.object()
            .put("experiment_id", experiment)
            .put("run_name", run.manifest().runId())
            .put("start_time", run.manifest().created().toEpochMilli());
    tags(created, run, sha256);
    return server.post("runs/create", created).path("run").path("info");
  }

  private void log(Publishable publishable, String id) throws IOException {
    ObjectNode batch = MlflowServer.object().put("run_id", id);
    ArrayNode params = batch.putArray("params");
    LoggedFigures.parameters(publishable.run())
        .forEach((key, value) -> params.addObject().put("key", key).put("value", value));
    ArrayNode metrics = batch.putArray("metrics");
    long time = publishable.run().manifest().created().toEpochMilli();
    LoggedFigures.metrics(publishable)
        .forEach(
            (key, value) ->
                metrics
                    .addObject()
                    .put("key", key)
                    .put("value", value)
                    .put("timestamp", time)
                    .put("step", 0));
    server.post("runs/log-batch", batch);
  }

  private void upload(String artifacts, String name, Path file, long bytes) throws IOException {
    server.upload(artifacts, name, bytes, () -> file.getFileSystem(hadoop).open(file));
  }

  private void upload(String artifacts, String name, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    server.upload(artifacts, name, bytes.length, () -> new ByteArrayInputStream(bytes));
  }
}
