package dev.tare.jobs.demo;

import dev.tare.engine.plan.QuantPlan;
import dev.tare.engine.recipe.Role;
import java.io.PrintStream;
import java.util.Locale;

/**
 * The table that a demo ends with, and what to look at next.
 *
 * @param out receives the lines
 */
record DemoTable(PrintStream out) {

  void row(String name, String format, Object... values) {
    out.printf("  %-30s %s%n", name, String.format(Locale.ROOT, format, values));
  }

  /** The row of how much a plan quantizes. */
  void quantized(QuantPlan plan) {
    row(
        "tensors quantized",
        "%d weights and %d activations",
        plan.quantized(Role.WEIGHT).size(),
        plan.quantized(Role.ACTIVATION).size());
  }

  /**
   * Something to look at.
   *
   * @param what a command or a file
   */
  void next(String what, String why) {
    out.printf("  %s%n      %s%n", what, why);
  }
}
