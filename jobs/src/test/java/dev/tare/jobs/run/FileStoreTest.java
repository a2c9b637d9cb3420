package dev.tare.jobs.run;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;

@Tag("slow")
class FileStoreTest extends StoreContract {
  private String root;

  @Override
  void start(Path folder) {
    root = folder.toUri().toString().replaceFirst("^file:/+", "file:/").replaceFirst("/$", "");
  }

  @Override
  String root() {
    return root;
  }

  @Override
  int rounds() {
    return 20;
  }
}
