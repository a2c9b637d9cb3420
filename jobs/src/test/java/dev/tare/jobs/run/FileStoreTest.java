package dev.tare.jobs.run;

import java.nio.file.Path;

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
