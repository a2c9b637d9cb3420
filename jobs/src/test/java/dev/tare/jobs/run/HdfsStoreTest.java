package dev.tare.jobs.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tare.jobs.stores.HdfsServer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class HdfsStoreTest extends StoreContract {
  private HdfsServer server;

  @Override
  void start(Path folder) throws Exception {
    server = HdfsServer.start(folder);
  }

  @AfterAll
  void stop() {
    server.close();
  }

  @Override
  String root() {
    return server.uri() + "/home";
  }

  @Override
  int rounds() {
    return 25;
  }

  @Test
  void partsStandInTheRunFolder() {
    assertThat(run().manifest().partsFolder()).isEmpty();
  }
}
