package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.JsonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What was predicted of a quantized model beside what its target computes. The prediction is the
 * model with its QuantizeLinear and DequantizeLinear run as they stand, in float, by ONNX Runtime
 * without optimization.
 *
 * @param target name of the target
 * @param runtime what ran the model, with its version and settings
 * @param samples samples that were compared
 * @param outputs one for each output of numbers
 * @param kernels products by their kernels; empty where the runtime does not tell
 * @param parting where prediction and target part; empty where they agree
 */
public record TargetQuality(
    String target,
    String runtime,
    long samples,
    List<Output> outputs,
    Optional<Kernels> kernels,
    Optional<String> parting) {

  /** A difference above this is said, in dB. */
  public static final double TOLERANCE_DB = 0.5;

  public TargetQuality {
    outputs = List.copyOf(outputs);
  }

  /**
   * One output against the float model's.
   *
   * @param name name of the output
   * @param predictedSqnrDb signal to noise of the prediction, in dB; infinite if nothing differs
   * @param measuredSqnrDb that of the target
   */
  public record Output(String name, double predictedSqnrDb, double measuredSqnrDb) {

    /** How far both are apart, in dB; infinite if only one of them is, NaN if one is unknown. */
    public double differenceDb() {
      return predictedSqnrDb == measuredSqnrDb ? 0 : Math.abs(predictedSqnrDb - measuredSqnrDb);
    }

    /** Whether that is too far. */
    public boolean differs() {
      return !(differenceDb() <= TOLERANCE_DB);
    }
  }

  /**
   * Products of the model as it was compiled.
   *
   * @param integer how many run in integer kernels
   * @param all how many there are
   */
  public record Kernels(int integer, int all) {}

  /** The outputs of which prediction and target differ too much. */
  public List<Output> differing() {
    return outputs.stream().filter(Output::differs).toList();
  }

  void put(ObjectNode node) {
    node.put("name", target);
    node.put("runtime", runtime);
    node.put("samples", samples);
    ArrayNode all = node.putArray("outputs");
    for (Output output : outputs) {
      ObjectNode each = all.addObject();
      each.put("name", output.name());
      JsonText.put(each, "predicted-sqnr-db", output.predictedSqnrDb());
      JsonText.put(each, "measured-sqnr-db", output.measuredSqnrDb());
    }
    kernels.ifPresent(
        known -> {
          node.put("integer-products", known.integer());
          node.put("products", known.all());
        });
    parting.ifPresent(where -> node.put("parting", where));
  }

  static TargetQuality of(ObjectNode node, String where) {
    FigureReader in = new FigureReader(node, where);
    List<Output> outputs = new ArrayList<>();
    for (ObjectNode each : in.objects("outputs")) {
      FigureReader output = new FigureReader(each, where + ", outputs");
      outputs.add(
          new Output(
              output.text("name"),
              output.decibels("predicted-sqnr-db"),
              output.decibels("measured-sqnr-db")));
    }
    return new TargetQuality(
        in.text("name"),
        in.text("runtime"),
        in.count("samples"),
        outputs,
        node.has("products")
            ? Optional.of(new Kernels(in.size("integer-products"), in.size("products")))
            : Optional.empty(),
        node.has("parting") ? Optional.of(in.text("parting")) : Optional.empty());
  }
}
