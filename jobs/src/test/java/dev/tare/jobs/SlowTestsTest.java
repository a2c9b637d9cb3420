package dev.tare.jobs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAnnotation;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Tag;

/** Tests that need the built jar run under failsafe, which runs what is tagged as slow. */
@AnalyzeClasses(packages = "dev.tare.jobs", importOptions = ImportOption.OnlyIncludeTests.class)
class SlowTestsTest {

  private static final DescribedPredicate<JavaAnnotation<?>> SLOW =
      DescribedPredicate.describe(
          "@Tag(\"slow\")",
          annotation ->
              annotation.getRawType().isEquivalentTo(Tag.class)
                  && annotation.get("value").filter("slow"::equals).isPresent());

  @ArchTest
  static final ArchRule integrationTestsAreTaggedAsSlow =
      classes().that().haveSimpleNameEndingWith("IT").should().beAnnotatedWith(SLOW);
}
