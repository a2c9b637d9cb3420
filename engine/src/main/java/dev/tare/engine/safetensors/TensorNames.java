package dev.tare.engine.safetensors;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Names of tensors and files that are accepted. A name of a tensor is nearly free text, but
 * programs make names of files of it, so what leads out of a folder is refused, and so is what a
 * terminal would act on.
 */
final class TensorNames {

  private static final int MOST_CHARACTERS = 1000;
  private static final Pattern FILE =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}\\.safetensors");

  private TensorNames() {}

  /** Why a tensor cannot have a name; empty if it can. */
  static Optional<String> against(String name) {
    if (name.isEmpty()) {
      return Optional.of("it is empty");
    }
    if (name.length() > MOST_CHARACTERS) {
      return Optional.of("it has more than " + MOST_CHARACTERS + " characters");
    }
    if (name.chars().anyMatch(c -> Character.isISOControl(c) || Character.isSurrogate((char) c))) {
      return Optional.of(
          "it has control characters or characters outside of Unicode's first plane");
    }
    boolean path =
        name.startsWith("/")
            || name.indexOf('\\') >= 0
            || ("/" + name + "/").contains("/../")
            || name.matches("[A-Za-z]:.*");
    return path ? Optional.of("it is a path") : Optional.empty();
  }

  /** Whether a name is that of a file of the same folder that is in this format. */
  static boolean isFile(String name) {
    return FILE.matcher(name).matches();
  }
}
