package dev.tare.jobs.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.jobs.ExitCode;
import dev.tare.jobs.TareException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MlflowServerTest {

  @Test
  void anAddressMayHaveAPath() {
    assertThat(new MlflowServer("https://host/team/mlflow/", Map.of()).root())
        .isEqualTo("https://host/team/mlflow");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mlflow:5000",
        "databricks",
        "http://",
        "http://two words",
        "http://mlflow_server:5000",
        "http://host:5000/?a=b"
      })
  void whatIsNoAddressIsRefused(String uri) {
    assertThatThrownBy(() -> new MlflowServer(uri, Map.of()))
        .isInstanceOfSatisfying(
            TareException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
        .hasMessageContaining("not '" + uri + "'");
  }

  @Test
  void aPasswordInAnAddressIsRefusedAndNotShown() {
    assertThatThrownBy(() -> new MlflowServer("https://me:hunter2@host/mlflow", Map.of()))
        .hasMessageEndingWith("not 'https://...@host/mlflow'")
        .hasMessageNotContaining("hunter2");
  }
}
