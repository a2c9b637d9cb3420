package dev.tare.engine;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import java.util.List;

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
          "recipe",
          "onnx",
          "infer",
          "export");

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
  static final ArchRule onlyInferSeesOnnxRuntime =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.tare.engine.infer..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.onnxruntime..");

  @ArchTest static final ArchRule roomsPointDownTheListAndNeverBack = downTheList();

  @ArchTest
  static final ArchRule roomsHaveNoCycles =
      slices().matching("dev.tare.engine.(*)..").should().beFreeOfCycles();

  private static ArchRule downTheList() {
    LayeredArchitecture rooms = layeredArchitecture().consideringOnlyDependenciesInLayers();
    for (String room : ROOMS) {
      rooms = rooms.layer(room).definedBy("dev.tare.engine." + room + "..");
    }
    for (int i = 0; i < ROOMS.size(); i++) {
      LayeredArchitecture.LayerDependencySpecification layer = rooms.whereLayer(ROOMS.get(i));
      rooms =
          i == 0
              ? layer.mayNotAccessAnyLayer()
              : layer.mayOnlyAccessLayers(ROOMS.subList(0, i).toArray(new String[0]));
    }
    return rooms;
  }
}
