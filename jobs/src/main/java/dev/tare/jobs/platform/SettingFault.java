package dev.tare.jobs.platform;

import dev.tare.jobs.TareException;
import java.util.Optional;
import java.util.regex.Pattern;

/** Explains a setting or an option that Spark refuses. */
final class SettingFault {

  private static final Pattern KEY = Pattern.compile("\\bspark\\.[a-z][A-Za-z0-9_.-]*[A-Za-z0-9]");
  private static final String BEFORE =
      "; Spark's settings stand before the subcommand (--master, --conf)";

  private SettingFault() {}

  static Optional<TareException> of(Causes causes) {
    for (Throwable cause : causes.all()) {
      String said = String.valueOf(cause.getMessage());
      boolean refused =
          said.contains("INVALID_CONF_VALUE")
              || said.contains("CANNOT_MODIFY_CONFIG")
              || (cause instanceof IllegalArgumentException && KEY.matcher(said).find());
      if (refused) {
        return Optional.of(
            TareException.usage(
                "Spark does not take a setting: " + firstLine(said) + BEFORE, causes.all().get(0)));
      }
    }
    return Optional.empty();
  }

  static TareException ofStart(Causes causes) {
    String said = String.valueOf(causes.all().get(0).getMessage());
    return TareException.usage(
        "Spark does not start: " + firstLine(said) + BEFORE, causes.all().get(0));
  }

  private static String firstLine(String said) {
    return said.lines().findFirst().orElse("it does not say why");
  }
}
