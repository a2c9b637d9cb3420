package dev.tare.jobs.input;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Opens a tokenizer and encodes some texts in a separate process first: if the file is damaged, the
 * native library does not always return an error but may end the process.
 *
 * <p>Cost: the start of a JVM, about half a second, once per file and process.
 */
final class TokenizerProbe {

  /** Exit codes of a process that crashed: ILL, ABRT, BUS, FPE, SEGV. */
  private static final Set<Integer> FAULTS = Set.of(132, 134, 135, 136, 139);

  private static final int SECONDS = 600;
  private static final int CHUNK = 512;
  private static final int LONG = 4_000;
  private static final int LAST_OF_PLANE_1 = 0x1ffff;
  private static final Pattern PANIC =
      Pattern.compile("panicked at [^\\n]*\\n([^\\n]+)", Pattern.DOTALL);

  private static final Set<String> SURVIVED = ConcurrentHashMap.newKeySet();

  private TokenizerProbe() {}

  /**
   * Tries a tokenizer. If the machine cannot start another JVM, this check is skipped.
   *
   * @throws InputException if the file ends the process that opens it, or takes more than {@value
   *     #SECONDS} s to encode the texts
   */
  static void require(LocalFile file) {
    if (SURVIVED.contains(file.identity())) {
      return;
    }
    Path said = null;
    try {
      said = Files.createTempFile("tare-tokenizer", ".txt");
      Process process = start(said);
      feed(process, file.content());
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new InputException(
            "Cannot use tokenizer %s: it takes more than %d s to encode a few texts"
                .formatted(file.displayName(), SECONDS));
      }
      // Other exit codes, such as after a kill for lack of memory, do not mean that the file is
      // damaged.
      if (FAULTS.contains(process.exitValue())) {
        throw new InputException(
            "Cannot use tokenizer %s: it is damaged, the native library ends the process on it (%s)"
                .formatted(file.displayName(), reason(said, process.exitValue())));
      }
      SURVIVED.add(file.identity());
    } catch (IOException e) {
      SURVIVED.add(file.identity());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InputException("Stopped while tokenizer " + file.displayName() + " was tried", e);
    } finally {
      if (said != null) {
        said.toFile().delete();
      }
    }
  }

  private static Process start(Path said) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-XX:+UseSerialGC");
    command.add("-XX:-CreateCoredumpOnCrash");
    command.add("-XX:ErrorFile=" + said + ".hs");
    command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
    command.add("-cp");
    command.add(classPath());
    command.add(TokenizerProbe.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    // These variables add options, or a class path, to every JVM.
    builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "CLASSPATH"));
    return builder.redirectOutput(said.toFile()).start();
  }

  private static String classPath() {
    Set<String> places = new LinkedHashSet<>();
    place(TokenizerProbe.class).ifPresent(places::add);
    place(HuggingFaceTokenizer.class).ifPresent(places::add);
    places.add(System.getProperty("java.class.path"));
    return String.join(File.pathSeparator, places);
  }

  /** The jar or folder of a class; under spark-submit it is not on the JVM's class path. */
  private static Optional<String> place(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    try {
      return source != null && "file".equals(source.getLocation().getProtocol())
          ? Optional.of(Path.of(source.getLocation().toURI()).toString())
          : Optional.empty();
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  private static void feed(Process process, byte[] content) {
    try (OutputStream in = process.getOutputStream()) {
      in.write(content);
    } catch (IOException e) {
      // The process has ended; its exit code says how.
      return;
    }
  }

  private static String reason(Path said, int code) throws IOException {
    Files.deleteIfExists(Path.of(said + ".hs"));
    Matcher panic = PANIC.matcher(new String(Files.readAllBytes(said), StandardCharsets.UTF_8));
    return panic.find() ? panic.group(1).strip() : "exit code " + code;
  }

  /** The main method of the other process; it reads a tokenizer's file from standard input. */
  public static void main(String[] arguments) throws IOException {
    byte[] content = System.in.readAllBytes();
    try {
      HuggingFaceTokenizer tokenizer = Tokenizers.load("tokenizer", content, LONG);
      for (String text : texts()) {
        encode(tokenizer, text);
      }
    } catch (InputException e) {
      // The calling process opens the file too and reports this error.
      return;
    }
  }

  /** A refused text would be a bad row in data; the file is not at fault. */
  private static int encode(HuggingFaceTokenizer tokenizer, String text) {
    try {
      Encoding encoding = tokenizer.encode(text);
      return encoding.getIds().length;
    } catch (RuntimeException e) {
      return 0;
    }
  }

  /** Every character of the first two planes, and runs of one. */
  private static List<String> texts() {
    List<String> texts = new ArrayList<>();
    texts.add("");
    texts.add("The 3 quick foxes' dens, 12.5 km away: isn't that far?");
    for (String one : List.of("a", " ", "7", "!", "\n", "\u00e9", "\u4e2d")) {
      texts.add(one.repeat(LONG) + "\u0001");
    }
    StringBuilder chunk = new StringBuilder();
    for (int c = 1; c <= LAST_OF_PLANE_1; c++) {
      boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
      if (!surrogate && (Character.isDefined(c) || c % CHUNK == 0)) {
        chunk.appendCodePoint(c);
      }
      if (chunk.length() >= CHUNK) {
        texts.add(chunk.toString());
        chunk.setLength(0);
      }
    }
    texts.add(chunk.toString());
    return texts;
  }
}
