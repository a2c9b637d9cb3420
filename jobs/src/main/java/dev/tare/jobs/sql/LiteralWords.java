package dev.tare.jobs.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.QueryContext;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.ApplyFunctionExpression;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.types.UTF8String;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.BoxedUnit;

/**
 * Names a wrong word of a query in one sentence, before any row is read. When Spark binds a
 * function it passes types and no values, so without this rule the word would fail in a task, four
 * times, and its message would be inside the trace of a failed stage. The rule changes no plan.
 */
final class LiteralWords extends Rule<LogicalPlan> {

  /** Adds the rule to a session that does not have it. */
  static void addTo(SparkSession spark) {
    Seq<Rule<LogicalPlan>> rules = spark.experimental().extraOptimizations();
    if (CollectionConverters.asJava(rules).stream().noneMatch(LiteralWords.class::isInstance)) {
      List<Rule<LogicalPlan>> all = new ArrayList<>(CollectionConverters.asJava(rules));
      all.add(new LiteralWords());
      spark.experimental().extraOptimizations_$eq(CollectionConverters.asScala(all).toSeq());
    }
  }

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    plan.foreach(
        node -> {
          node.expressions()
              .foreach(
                  expression -> {
                    expression.foreach(
                        part -> {
                          check(part);
                          return BoxedUnit.UNIT;
                        });
                    return BoxedUnit.UNIT;
                  });
          return BoxedUnit.UNIT;
        });
    return plan;
  }

  private static void check(Expression expression) {
    if (expression instanceof ApplyFunctionExpression call
        && call.function() instanceof CheckedWords function) {
      List<Optional<String>> words = new ArrayList<>();
      for (Expression argument : CollectionConverters.asJava(call.children())) {
        words.add(word(argument));
      }
      try {
        function.check(words);
      } catch (IllegalArgumentException e) {
        // Scala declares no checked exceptions; Java would not let this one out of a rule.
        Platform.throwException(refused("fn.%s: %s".formatted(function.name(), e.getMessage())));
      }
    }
  }

  private static Optional<String> word(Expression argument) {
    return argument instanceof Literal literal && literal.value() instanceof UTF8String text
        ? Optional.of(text.toString())
        : Optional.empty();
  }

  /** Spark's shells print the message of an analysis without its trace. */
  private static AnalysisException refused(String message) {
    return new AnalysisException(
        message,
        Option.empty(),
        Option.empty(),
        Option.empty(),
        Option.empty(),
        scala.collection.immutable.Map$.MODULE$.empty(),
        new QueryContext[0]);
  }
}
