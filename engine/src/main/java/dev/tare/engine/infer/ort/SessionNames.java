package dev.tare.engine.infer.ort;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Maps names of tensors in a model to names in a session. Immutable. */
final class SessionNames {

  private final Map<String, String> toSession;
  private final Map<String, String> toModel = new HashMap<>();

  /**
   * @param aliases the session's name of each tensor whose name differs there
   */
  SessionNames(Map<String, String> aliases) {
    this.toSession = Map.copyOf(aliases);
    aliases.forEach((name, alias) -> toModel.put(alias, name));
  }

  String inSession(String name) {
    return toSession.getOrDefault(name, name);
  }

  String inModel(String name) {
    return toModel.getOrDefault(name, name);
  }

  /** Converts names, in the same order. */
  Set<String> inModel(Set<String> names) {
    Set<String> own = new LinkedHashSet<>();
    names.forEach(name -> own.add(inModel(name)));
    return own;
  }

  /** Converts names, in the same order. */
  Set<String> inSession(Set<String> names) {
    Set<String> theirs = new LinkedHashSet<>();
    names.forEach(name -> theirs.add(inSession(name)));
    return theirs;
  }
}
