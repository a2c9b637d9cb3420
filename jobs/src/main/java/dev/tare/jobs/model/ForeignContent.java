package dev.tare.jobs.model;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** Files that people take for a model that Tare reads, by their magic numbers. */
enum ForeignContent {
  GIT_LFS(0, "version https://git-lfs", "the pointer that Git LFS left; run git lfs pull"),
  GGUF(0, "GGUF", "a GGUF model"),
  HDF5(0, "\u0089HDF", "an HDF5 file, as Keras writes"),
  ZIP(0, "PK\u0003\u0004", "a ZIP archive, as PyTorch and Keras write"),
  SAFETENSORS(6, "\u0000\u0000{\"", "a safetensors file, which has no graph");

  private final int offset;
  private final String magic;
  private final String what;

  ForeignContent(int offset, String magic, String what) {
    this.offset = offset;
    this.magic = magic;
    this.what = what;
  }

  /**
   * What a file is, in words.
   *
   * @param head its first bytes
   */
  static Optional<String> of(byte[] head) {
    String text = new String(head, StandardCharsets.ISO_8859_1);
    return Arrays.stream(values())
        .filter(content -> text.startsWith(content.magic, content.offset))
        .map(content -> content.what)
        .findFirst();
  }
}
