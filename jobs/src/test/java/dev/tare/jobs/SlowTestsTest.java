package dev.tare.jobs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAnnotation;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;

/** Tests that need the built jar run under failsafe, which runs what surefire leaves out by tag. */
@AnalyzeClasses(packages = "dev.tare.jobs", importOptions = SlowTestsTest.IntegrationTests.class)
class SlowTestsTest {

  /** Only these, because what each class refers to is read too, and all tests refer to Spark. */
  static final class IntegrationTests implements ImportOption {

    private static final Pattern NAME = Pattern.compile(".*IT\\.class");

    @Override
    public boolean includes(Location location) {
      return location.matches(NAME);
    }
  }

  private static final Set<Object> LEFT_OUT = Set.of("slow", "extended");

  private static final DescribedPredicate<JavaAnnotation<?>> SLOW =
      DescribedPredicate.describe(
          "@Tag(\"slow\") or @Tag(\"extended\")",
          annotation ->
              annotation.getRawType().isEquivalentTo(Tag.class)
                  && annotation.get("value").filter(LEFT_OUT::contains).isPresent());

  @ArchTest
  static final ArchRule integrationTestsHaveATagOfFailsafe =
      classes().that().haveSimpleNameEndingWith("IT").should().beAnnotatedWith(SLOW);
}
