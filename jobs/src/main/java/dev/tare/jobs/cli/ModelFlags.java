package dev.tare.jobs.cli;

import dev.tare.jobs.storage.HadoopSettings;
import dev.tare.jobs.storage.ModelPlace;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Option for the model. */
final class ModelFlags {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "M.onnx",
      description =
          "Float model, ONNX or .tflite, path or URI; or a folder with model.onnx or onnx/model.onnx, whose"
              + " tokenizer.json is then the default of --tokenizer.")
  private String model;

  private Optional<ModelPlace> looked = Optional.empty();

  /** What the user wrote, as the folder of a checkpoint is needed. */
  String given() {
    return model;
  }

  String model() {
    return place().file();
  }

  /** The tokenizer beside a model that was named by its folder. */
  Optional<String> tokenizer() {
    return place().tokenizer();
  }

  /** What a folder stands for. */
  Optional<String> note() {
    ModelPlace place = place();
    return place.file().equals(model)
        ? Optional.empty()
        : Optional.of(
            "Model "
                + place.file()
                + place.tokenizer().map(file -> ", tokenizer " + file).orElse(""));
  }

  /** Looks into a folder once a command. */
  private ModelPlace place() {
    ModelPlace place = looked.orElseGet(() -> ModelPlace.of(model, HadoopSettings::ofDriver));
    looked = Optional.of(place);
    return place;
  }
}
