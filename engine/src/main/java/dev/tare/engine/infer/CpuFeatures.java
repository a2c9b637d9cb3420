package dev.tare.engine.infer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The processor that ran a model: ONNX Runtime chooses its kernels by these features, so
 * activations and int8 accuracy depend on them.
 *
 * @param model name reported by the system, for display
 * @param features architecture and vector extensions, sorted
 */
public record CpuFeatures(String model, SortedSet<String> features) {

  private static final Path CPUINFO = Path.of("/proc/cpuinfo");

  /** Extensions between which ONNX Runtime's kernels choose. */
  private static final Set<String> RELEVANT =
      Set.of(
          "sse4_1",
          "avx",
          "avx2",
          "fma",
          "f16c",
          "avx512f",
          "avx512bw",
          "avx512dq",
          "avx512vl",
          "avx512_vnni",
          "avx_vnni",
          "avx_vnni_int8",
          "avx512_bf16",
          "avx512_fp16",
          "amx_tile",
          "amx_int8",
          "amx_bf16",
          "asimd",
          "asimddp",
          "asimdhp",
          "i8mm",
          "bf16",
          "sve",
          "sve2");

  public CpuFeatures {
    features = Collections.unmodifiableSortedSet(new TreeSet<>(features));
  }

  /**
   * Returns this machine's processor; only its architecture if the system does not report features.
   */
  public static CpuFeatures current() {
    try {
      if (Files.isReadable(CPUINFO)) {
        return parse(
            System.getProperty("os.arch"), Files.readAllLines(CPUINFO, StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      // Unknown features are valid: the architecture still shows the main difference.
    }
    return parse(System.getProperty("os.arch"), List.of());
  }

  /** Parses the first processor in the lines of Linux's {@code /proc/cpuinfo}. */
  static CpuFeatures parse(String architecture, List<String> cpuinfo) {
    TreeSet<String> features = new TreeSet<>();
    features.add(architecture);
    String model = architecture;
    boolean flagsSeen = false;
    for (String line : cpuinfo) {
      int colon = line.indexOf(':');
      if (colon < 0) {
        continue;
      }
      String key = line.substring(0, colon).trim();
      String value = line.substring(colon + 1).trim();
      if (key.equals("model name") && model.equals(architecture)) {
        model = value;
      } else if ((key.equals("flags") || key.equals("Features")) && !flagsSeen) {
        flagsSeen = true;
        for (String flag : value.split(" ", -1)) {
          if (RELEVANT.contains(flag)) {
            features.add(flag);
          }
        }
      }
    }
    return new CpuFeatures(model, features);
  }

  /** Returns the features as one word: equal if ONNX Runtime runs the same kernels. */
  public String fingerprint() {
    return String.join("+", features);
  }

  /**
   * Whether sums of u8 by s8 products are exact: without VNNI (or another architecture's dot
   * product) x86 adds pairs of products in 16 bits, which saturate.
   */
  public boolean exactInt8Products() {
    return features.contains("avx512_vnni")
        || features.contains("avx_vnni")
        || features.contains("avx_vnni_int8")
        || features.contains("amx_int8")
        || features.contains("asimd")
        || features.contains("aarch64");
  }
}
