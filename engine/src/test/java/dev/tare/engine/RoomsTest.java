package dev.tare.engine;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import dev.tare.engine.target.OnnxRuntimeTarget;
import java.util.List;
import java.util.function.UnaryOperator;

/** The rooms of the engine and who may look into which. */
@AnalyzeClasses(packages = "dev.tare.engine", importOptions = ImportOption.DoNotIncludeTests.class)
class RoomsTest {

  /** Each room uses only those before it. */
  private static final List<String> ROOMS =
      List.of(
          "tensor",
          "histogram",
          "statistics",
          "observe",
          "quant",
          "range",
          "graph",
          "recipe",
          "target",
          "plan",
          "pass",
          "model",
          "onnx",
          "tflite",
          "infer",
          "export",
          "safetensors",
          "gguf",
          "checkpoint");

  /** The rooms of the ONNX format, likewise; the empty name is the one around them. */
  private static final List<String> ONNX_ROOMS =
      List.of("graph", "", "view", "opset", "prepare", "write", "model");

  /** The rooms of the TensorFlow Lite format, likewise. */
  private static final List<String> TFLITE_ROOMS = List.of("", "view", "write", "model");

  @ArchTest
  static final ArchRule knowsNeitherSparkNorHadoop =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..", "scala..");

  @ArchTest
  static final ArchRule neverLogs =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.slf4j..",
              "org.apache.logging..",
              "org.apache.log4j..",
              "org.apache.commons.logging..",
              "java.util.logging..");

  @ArchTest
  static final ArchRule neverPrints =
      noClasses()
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err");

  @ArchTest
  static final ArchRule onlyOnnxSeesProtobuf =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.tare.engine.onnx..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("com.google.protobuf..", "dev.tare.engine.onnx.proto..");

  @ArchTest
  static final ArchRule onlyTfliteSeesFlatbuffers =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.tare.engine.tflite..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("com.google.flatbuffers..", "org.tensorflow..");

  @ArchTest
  static final ArchRule onlyPassesSeeLinearAlgebra =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.tare.engine.pass..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.ejml..", "pabeles..");

  @ArchTest
  static final ArchRule formatsDoNotKnowEachOther =
      noClasses()
          .that()
          .resideInAPackage("dev.tare.engine.tflite..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.tare.engine.onnx..");

  /** What a runtime cannot do is asked of a profile, which the caller chooses. */
  @ArchTest
  static final ArchRule onlyTheirRoomNamesTargets =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.tare.engine.target..")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(OnnxRuntimeTarget.class);

  @ArchTest
  static final ArchRule onlyItsRoomSeesOnnxRuntime =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.tare.engine.infer.ort..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.onnxruntime..");

  @ArchTest
  static final ArchRule onlyItsRoomSeesTensorFlowLite =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.tare.engine.infer.lite..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.bytedeco..");

  @ArchTest
  static final ArchRule roomsPointDownTheListAndNeverBack =
      downTheList(ROOMS, room -> "dev.tare.engine." + room + "..");

  @ArchTest
  static final ArchRule onnxRoomsPointDownTheirListAndNeverBack =
      downTheList(
          ONNX_ROOMS,
          room -> room.isEmpty() ? "dev.tare.engine.onnx" : "dev.tare.engine.onnx." + room);

  @ArchTest
  static final ArchRule tfliteRoomsPointDownTheirListAndNeverBack =
      downTheList(
          TFLITE_ROOMS,
          room -> room.isEmpty() ? "dev.tare.engine.tflite" : "dev.tare.engine.tflite." + room);

  @ArchTest
  static final ArchRule roomsHaveNoCycles =
      slices().matching("dev.tare.engine.(*)..").should().beFreeOfCycles();

  private static ArchRule downTheList(List<String> names, UnaryOperator<String> packages) {
    LayeredArchitecture rooms = layeredArchitecture().consideringOnlyDependenciesInLayers();
    for (String room : names) {
      rooms = rooms.layer("room " + room).definedBy(packages.apply(room));
    }
    for (int i = 0; i < names.size(); i++) {
      LayeredArchitecture.LayerDependencySpecification layer =
          rooms.whereLayer("room " + names.get(i));
      rooms =
          i == 0
              ? layer.mayNotAccessAnyLayer()
              : layer.mayOnlyAccessLayers(
                  names.subList(0, i).stream().map("room "::concat).toArray(String[]::new));
    }
    return rooms;
  }
}
