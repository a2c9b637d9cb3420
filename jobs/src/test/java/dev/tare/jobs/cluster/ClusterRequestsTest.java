package dev.tare.jobs.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.testkit.PythonEnvironment;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The requests of {@code deploy/} for EMR Serverless, Dataproc and Kubernetes, at what takes them:
 * a mock that speaks the API, Google's protocol buffers, and the types of Kubeflow's operator.
 * Nothing is run there.
 */
@Tag("extended")
class ClusterRequestsTest {

  @Test
  void everyRequestIsTakenAndAMisspeltNameIsRefused() {
    String said =
        PythonEnvironment.of(Path.of("src/test/python/requirements-clusters.txt"))
            .script(
                "src/test/python/cluster_requests.py",
                Path.of(System.getProperty("tare.root"), "deploy").toString());
    assertThat(said.strip()).endsWith("taken");
  }
}
