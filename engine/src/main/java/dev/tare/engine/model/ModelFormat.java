package dev.tare.engine.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SortedMap;

/** A format in which models are stored: how a file of it is known and read. Thread-safe. */
public interface ModelFormat {

  /** How many bytes {@link #recognizes} is given, where the file has them. */
  int HEAD_BYTES = 64;

  /** How messages call it. */
  String name();

  /**
   * Name of a model's own file, such as {@code config.json}, where the format writes a folder of
   * files with fixed names; empty where it writes one file, whose extension names the format.
   */
  default Optional<String> nameInFolder() {
    return Optional.empty();
  }

  /**
   * Whether a file is of this format, be it a broken one.
   *
   * @param head its first bytes, all of them where there are fewer than {@value #HEAD_BYTES}
   */
  boolean recognizes(ByteBuffer head);

  /**
   * Looks at a local model that need only run, such as a quantized one. Its weights cost no memory.
   *
   * @param name how messages call it
   * @throws InvalidModelException if its structure is broken, or it would read outside of its
   *     folder
   */
  ModelLook look(Path file, String name) throws IOException;

  /**
   * Looks whether data files of a local model are there, without reading them.
   *
   * @param files those of a {@link ModelLook}
   * @throws InvalidModelException if one is missing, or is a link
   */
  void requireDataFiles(Path file, String name, SortedMap<String, String> files) throws IOException;

  /**
   * Reads a local model's own file, once.
   *
   * @param name how messages call it
   * @throws InvalidModelException as {@link #look}
   */
  ParsedModel read(Path file, String name) throws IOException;
}
