package dev.tare.jobs.law;

import dev.tare.jobs.demo.WordNetDefinitions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** The real sentence-embedding model, its tokenizer, and real text, as the build fetched them. */
public final class MiniLm {

  public static final int MAX_LENGTH = 128;

  private static final Path ASSETS = Path.of(System.getProperty("tare.assets"));

  private MiniLm() {}

  public static Path model() {
    return ASSETS.resolve("all-minilm-l6-v2.onnx");
  }

  public static Path tokenizer() {
    return ASSETS.resolve("all-minilm-l6-v2-tokenizer.json");
  }

  /** The folder of WordNet's data files. */
  static Path wordNet() {
    return ASSETS.resolve("net/sf/extjwnl/data/wordnet/wn31");
  }

  /** Definitions spread over all of WordNet, always the same ones. */
  public static List<String> definitions(int count) throws IOException {
    List<String> all = new ArrayList<>(WordNetDefinitions.read(wordNet()));
    Collections.shuffle(all, new Random(20261123));
    return List.copyOf(all.subList(0, count));
  }

  /** Lines as a text file. */
  public static Path write(Path file, List<String> lines) throws IOException {
    Files.createDirectories(file.getParent());
    return Files.write(file, lines, StandardCharsets.UTF_8);
  }
}
