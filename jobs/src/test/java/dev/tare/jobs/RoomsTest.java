package dev.tare.jobs;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import dev.tare.engine.target.OnnxRuntimeTarget;
import java.util.Set;

/** The rooms of the jobs and who may look into which. */
@AnalyzeClasses(packages = "dev.tare.jobs", importOptions = ImportOption.DoNotIncludeTests.class)
class RoomsTest {

  /** One stage each; they meet only through artifacts. */
  private static final Set<String> STAGES =
      Set.of("calibrate", "select", "quantize", "checkpoint", "evaluate", "merge", "drift");

  @ArchTest
  static final ArchRule stagesNeverImportEachOther =
      slices().assignedFrom(new Stages()).should().notDependOnEachOther();

  private static final String[] STAGE_ROOMS =
      STAGES.stream().map(room -> "dev.tare.jobs." + room + "..").toArray(String[]::new);

  /** The loop puts them in a row; commands and demonstrations make them. */
  @ArchTest
  static final ArchRule onlyTheLoopAndWhoAsksItKnowTheStages =
      noClasses()
          .that()
          .resideOutsideOfPackages(STAGE_ROOMS)
          .and()
          .resideOutsideOfPackages(
              "dev.tare.jobs.run..", "dev.tare.jobs.demo..", "dev.tare.jobs.cli..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(STAGE_ROOMS);

  @ArchTest
  static final ArchRule stagesKnowNoLoopAndNoCommand =
      noClasses()
          .that()
          .resideInAnyPackage(STAGE_ROOMS)
          .or()
          .resideInAPackage("dev.tare.jobs.stage..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.tare.jobs.run..",
              "dev.tare.jobs.demo..",
              "dev.tare.jobs.manage..",
              "dev.tare.jobs.cli..");

  @ArchTest
  static final ArchRule roomsHaveNoCycles =
      slices().matching("dev.tare.jobs.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule onlyTheDoorLooksIntoRooms =
      noClasses()
          .that()
          .resideInAPackage("dev.tare.jobs")
          .and()
          .doNotHaveSimpleName("Tare")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.tare.jobs.*..");

  @ArchTest
  static final ArchRule nobodyCallsTheDoor =
      noClasses()
          .that()
          .doNotHaveSimpleName("Tare")
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Tare.class);

  @ArchTest
  static final ArchRule onlySparkJobsTouchesSparkContext =
      noClasses()
          .that()
          .doNotHaveFullyQualifiedName(SparkJobs.class.getName())
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("org.apache.spark.SparkContext");

  /** What format a model is of is known in one place. */
  @ArchTest
  static final ArchRule onlyModelNamesFormats =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.tare.jobs.model..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.tare.engine.onnx..", "dev.tare.engine.tflite..");

  /** Which runtime runs float models is said once. */
  @ArchTest
  static final ArchRule onlyModelNamesRuntimes =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.tare.jobs.model..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.tare.engine.infer.ort..", "dev.tare.engine.infer.lite..");

  @ArchTest
  static final ArchRule nobodyNamesATarget =
      noClasses().should().dependOnClassesThat().areAssignableTo(OnnxRuntimeTarget.class);

  @ArchTest
  static final ArchRule noRdd =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.spark.rdd..")
          .orShould()
          .dependOnClassesThat()
          .haveNameMatching("org\\.apache\\.spark\\.api\\.java\\.Java.*");

  @ArchTest
  static final ArchRule storageCommandLineAndManagementKnowNoSpark =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.tare.jobs.storage..", "dev.tare.jobs.cli..", "dev.tare.jobs.manage..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache.spark..", "scala..");

  /** Documents are below everything that writes, places or shows them. */
  @ArchTest
  static final ArchRule artifactsKnowNeitherPlacesNorStages =
      noClasses()
          .that()
          .resideInAPackage("dev.tare.jobs.artifact..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.apache..", "scala..")
          .orShould()
          .dependOnClassesThat(
              resideInAPackage("dev.tare.jobs.*..")
                  .and(resideOutsideOfPackage("dev.tare.jobs.artifact..")));

  @ArchTest
  static final ArchRule onlySqlSeesHowSparkHoldsRows =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.tare.jobs.sql..")
          // No public call of Spark tells which tables a query reads.
          .and()
          .haveNameNotMatching("dev\\.tare\\.jobs\\.relation\\.Query(Tables|Plan)")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "org.apache.spark.sql.catalyst..", "org.apache.spark.sql.connector..");

  @ArchTest
  static final ArchRule onlyParquetRunsSeesHowSparkExecutes =
      noClasses()
          .that()
          .haveNameNotMatching("dev\\.tare\\.jobs\\.sql\\.ParquetRuns(\\$.*)?")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.spark.sql.execution..");

  @ArchTest
  static final ArchRule nobodyButSparkLooksIntoSql =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.tare.jobs.sql..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.tare.jobs.sql..");

  @ArchTest
  static final ArchRule nothingDeserializesJavaObjects =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.io.ObjectInputStream");

  /** Classes by stage; all others in no slice. */
  private static final class Stages implements SliceAssignment {
    @Override
    public SliceIdentifier getIdentifierOf(JavaClass type) {
      String room =
          type.getPackageName()
              .replaceFirst("^dev\\.tare\\.jobs\\.?", "")
              .replaceFirst("\\..*", "");
      return STAGES.contains(room) ? SliceIdentifier.of(room) : SliceIdentifier.ignore();
    }

    @Override
    public String getDescription() {
      return "stages";
    }
  }
}
