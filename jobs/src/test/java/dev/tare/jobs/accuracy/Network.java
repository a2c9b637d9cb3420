package dev.tare.jobs.accuracy;

import dev.tare.jobs.demo.RenderedText;
import dev.tare.jobs.demo.RenderedText.Kind;
import dev.tare.jobs.demo.RenderedText.Part;
import dev.tare.jobs.law.MiniLm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A float network and what it is fed, always the same.
 *
 * @param model file
 * @param options of all stages that read data
 * @param calibration data
 * @param evaluation other data
 */
record Network(Path model, List<String> options, Path calibration, Path evaluation) {

  Network {
    options = List.copyOf(options);
  }

  /** MiniLM, cls, rec and det, their data written into a folder. */
  static SortedMap<String, Network> all(Path folder) throws IOException {
    SortedMap<String, Network> networks = new TreeMap<>();
    List<String> texts = MiniLm.definitions(512);
    networks.put(
        "MiniLM",
        new Network(
            MiniLm.model(),
            // As the documented figures were made.
            List.of("--tokenizer", MiniLm.tokenizer().toString(), "--choose-by", "sample"),
            MiniLm.write(folder.resolve("calibration.txt"), texts.subList(0, 256)),
            MiniLm.write(folder.resolve("evaluation.txt"), texts.subList(256, 512))));
    networks.put(
        "cls",
        images(
            folder,
            Kind.ANGLES,
            "ch_ppocr_mobile_v2.0_cls_infer.onnx",
            "48x192",
            List.of("--image-resize", "pad", "--image-pad", "127.5")));
    networks.put(
        "rec", images(folder, Kind.LINES, "ch_PP-OCRv4_rec_infer.onnx", "48x*", List.of()));
    networks.put(
        "det",
        new Network(
            asset("ch_PP-OCRv4_det_infer.onnx"),
            images("96x*", "0.485,0.456,0.406", "0.229,0.224,0.225"),
            RenderedPages.write(folder.resolve("pages-calibration"), 1, 3),
            RenderedPages.write(folder.resolve("pages-evaluation"), 2, 3)));
    return Collections.unmodifiableSortedMap(networks);
  }

  private static Path asset(String file) {
    return Path.of(System.getProperty("tare.assets"), "models", file);
  }

  private static List<String> images(String size, String mean, String std) {
    return List.of(
        "--image-size", size, "--image-channels", "bgr", "--image-mean", mean, "--image-std", std);
  }

  private static Network images(Path folder, Kind kind, String file, String size, List<String> more)
      throws IOException {
    Path calibration = folder.resolve(kind + "-calibration");
    Path evaluation = folder.resolve(kind + "-evaluation");
    List<String> texts = MiniLm.definitions(2000);
    RenderedText.write(calibration, kind, Part.CALIBRATION, texts, 64);
    RenderedText.write(evaluation, kind, Part.EVALUATION, texts, 128);
    List<String> options = new ArrayList<>(images(size, "0.5", "0.5"));
    options.addAll(more);
    return new Network(asset(file), options, calibration, evaluation);
  }

  /** Arguments of a stage that reads data. */
  List<String> arguments(String stage, String... more) {
    List<String> arguments = new ArrayList<>(List.of(stage, "--model", model.toString()));
    arguments.addAll(options);
    arguments.addAll(List.of(more));
    return arguments;
  }
}
