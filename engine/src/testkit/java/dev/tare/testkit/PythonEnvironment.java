package dev.tare.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * A Python with pinned packages for tests that hold Tare to other people's software.
 *
 * <p>An environment is made once in {@code target/python/} and found again by the hash of its
 * requirements; a lock on a file keeps processes apart. Where none can be made, for want of Python
 * or of a package index, the test that asked is skipped with the reason, or fails if the variable
 * {@code CI} is {@code true}.
 */
public final class PythonEnvironment {

  private static final Path FOLDER = Path.of("target", "python");
  private static final long MOST_MINUTES = 60;
  private static final String READY = "ready";
  private static final String UV = "uv==0.13.9";

  /** The option of pip and of uv by which packages come without those that they need. */
  private static final String ALONE = "--no-deps";

  /** Variables of pip, and what uv calls them. */
  private static final Map<String, String> OF_PIP =
      Map.of(
          "PIP_INDEX_URL", "UV_DEFAULT_INDEX",
          "PIP_EXTRA_INDEX_URL", "UV_INDEX",
          "PIP_FIND_LINKS", "UV_FIND_LINKS",
          "PIP_CERT", "SSL_CERT_FILE",
          "PIP_DEFAULT_TIMEOUT", "UV_HTTP_TIMEOUT");

  private final Path home;

  private PythonEnvironment(Path home) {
    this.home = home;
  }

  /**
   * The environment of a requirements file, whose every line pins a version.
   *
   * @throws org.opentest4j.TestAbortedException if none can be made outside of CI
   * @throws AssertionError if none can be made in CI
   */
  public static PythonEnvironment of(Path requirements) {
    return of(requirements, List.of());
  }

  /**
   * The environment of a requirements file that names every package that is needed. Nothing else is
   * installed, so that packages may ask for builds that no index has.
   *
   * @throws org.opentest4j.TestAbortedException if none can be made outside of CI
   * @throws AssertionError if none can be made in CI
   */
  public static PythonEnvironment exactly(Path requirements) {
    return of(requirements, List.of(ALONE));
  }

  private static synchronized PythonEnvironment of(Path requirements, List<String> options) {
    try {
      String pinned = Files.readString(requirements);
      Path home = FOLDER.resolve(hash(pinned)).toAbsolutePath();
      Files.createDirectories(FOLDER);
      Path lock = FOLDER.resolve(home.getFileName() + ".lock");
      try (FileChannel channel =
              FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock held = channel.lock()) {
        if (held.isValid() && !Files.exists(home.resolve(READY))) {
          make(home, requirements, options);
          Files.writeString(home.resolve(READY), pinned);
        }
      }
      return new PythonEnvironment(home);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The folder of the environment, with {@code bin/python} in it; absolute. */
  public Path home() {
    return home;
  }

  private static void make(Path home, Path requirements, List<String> options) throws IOException {
    if (!byUv(home, requirements, options)) {
      List<String> what = new ArrayList<>(List.of("--requirement", requirements.toString()));
      what.addAll(options);
      byPip(home, what.toArray(String[]::new));
    }
  }

  /**
   * Installs by uv, which takes half of pip's processor time, and next to none for what it has
   * installed before.
   *
   * @return whether that succeeded: pip may have settings of this machine that uv does not know
   */
  private static boolean byUv(Path home, Path requirements, List<String> options)
      throws IOException {
    Path uv = FOLDER.resolve(UV.replace("==", "-")).toAbsolutePath();
    try (FileChannel channel =
            FileChannel.open(
                uv.resolveSibling(uv.getFileName() + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock held = channel.lock()) {
      if (held.isValid() && !Files.exists(uv.resolve(READY))) {
        boolean has =
            succeeds(Map.of(), "python3", "-m", "venv", "--clear", uv.toString())
                && succeeds(Map.of(), pipInstall(uv, UV));
        if (!has) {
          return false;
        }
        Files.writeString(uv.resolve(READY), UV);
      }
    }
    Map<String, String> settings = new TreeMap<>();
    OF_PIP.forEach(
        (pip, own) -> {
          String value = System.getenv(pip);
          if (value != null && System.getenv(own) == null) {
            settings.put(own, value);
          }
        });
    String python = home.resolve("bin").resolve("python").toString();
    List<String> install =
        List.of(
            uv.resolve("bin").resolve("uv").toString(),
            "pip",
            "install",
            "--quiet",
            "--python",
            python,
            "--requirement",
            requirements.toString());
    // Named packages first, alone: uv takes what it has built before. To learn what PySpark
    // needs it would fetch the source of 450 MB again, and build it again.
    List<String> named = new ArrayList<>(install);
    named.add(ALONE);
    return succeeds(Map.of(), "python3", "-m", "venv", "--clear", "--without-pip", home.toString())
        && succeeds(settings, named)
        && (options.contains(ALONE) || succeeds(settings, install));
  }

  private static boolean succeeds(Map<String, String> variables, String... command) {
    return succeeds(variables, List.of(command));
  }

  private static boolean succeeds(Map<String, String> variables, List<String> command) {
    try {
      return execute(command, variables).exit() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static void byPip(Path home, String... what) {
    run(List.of("python3", "-m", "venv", "--clear", home.toString()));
    run(pipInstall(home, what));
  }

  private static List<String> pipInstall(Path home, String... what) {
    List<String> command =
        new ArrayList<>(
            List.of(
                home.resolve("bin").resolve("python").toString(),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                // What is imported is compiled then: a small part of Airflow and Jupyter.
                "--no-compile"));
    command.addAll(List.of(what));
    return command;
  }

  private static void run(List<String> command) {
    Outcome outcome;
    try {
      outcome = execute(command, Map.of());
    } catch (IOException e) {
      unavailable("no Python: " + e.getMessage());
      return;
    }
    if (outcome.exit() != 0) {
      unavailable("'%s' said: %s".formatted(String.join(" ", command), outcome.output()));
    }
  }

  private static void unavailable(String reason) {
    String message = "Cannot make a Python environment, " + reason;
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionError(message);
    }
    Assumptions.abort(message);
  }

  /**
   * Runs a script.
   *
   * @param arguments the script, then its arguments
   * @return what it printed
   * @throws AssertionError if it fails
   */
  public String script(String... arguments) {
    return script(Map.of(), arguments);
  }

  /**
   * The same with further variables of the environment.
   *
   * @throws AssertionError if it fails
   */
  public String script(Map<String, String> variables, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin").resolve("python").toString());
    command.addAll(List.of(arguments));
    try {
      Outcome outcome = execute(command, variables);
      if (outcome.exit() != 0) {
        throw new AssertionError(
            "%s exited with %d: %s".formatted(command, outcome.exit(), outcome.output()));
      }
      return outcome.output();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Outcome execute(List<String> command, Map<String, String> variables)
      throws IOException {
    Path log = Files.createTempFile("python", ".log");
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().putAll(variables);
      Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
      try {
        if (!process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
          process.destroyForcibly().waitFor();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      return new Outcome(process.exitValue(), Files.readString(log));
    } finally {
      Files.delete(log);
    }
  }

  private static String hash(String requirements) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(requirements.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }

  private record Outcome(int exit, String output) {}
}
