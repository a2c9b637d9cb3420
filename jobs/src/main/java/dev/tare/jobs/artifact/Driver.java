package dev.tare.jobs.artifact;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tare.jobs.Printable;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/**
 * The process that writes a run: where to look if its status stays at running.
 *
 * @param host name of its machine, as the machine itself knows it
 * @param pid number of the process there
 * @param application id of its Spark application
 */
public record Driver(String host, long pid, Optional<String> application) {

  public Driver {
    host = Printable.message(host);
    application = application.map(Printable::message);
  }

  /** This process. */
  public static Driver current(Optional<String> application) {
    return new Driver(thisHost(), ProcessHandle.current().pid(), application);
  }

  private static String thisHost() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown";
    }
  }

  /**
   * Whether the process is known to have ended: it ran on this machine, and there is none of its
   * number any more.
   */
  public boolean ended() {
    return host.equals(thisHost())
        && ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty();
  }

  /** Names the process, for people. */
  public String describe() {
    return "process %d on %s".formatted(pid, host)
        + application.map(id -> ", Spark application " + id).orElse("");
  }

  void put(ObjectNode node) {
    node.put("host", host);
    node.put("pid", pid);
    application.ifPresent(id -> node.put("application-id", id));
  }

  /** Reads what {@link #put} wrote; empty if an earlier version did not write it. */
  static Optional<Driver> of(ObjectNode node, String where) {
    if (!node.has("host")) {
      return Optional.empty();
    }
    return Optional.of(
        new Driver(
            StrictJson.text(node, "host", where),
            StrictJson.integer(node, "pid", where),
            node.has("application-id")
                ? Optional.of(StrictJson.text(node, "application-id", where))
                : Optional.empty()));
  }
}
