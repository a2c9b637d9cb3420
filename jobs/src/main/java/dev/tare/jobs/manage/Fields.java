package dev.tare.jobs.manage;

import dev.tare.jobs.Printable;
import java.io.PrintStream;

/** Lines of a name and a value, printed beneath each other. */
record Fields(PrintStream out) {

  void print(String name, String value) {
    out.printf("%-32s %s%n", Printable.name(name), Printable.message(value));
  }
}
