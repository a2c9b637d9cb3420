package dev.tare.jobs.model;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Which process a task ran in. */
public final class Jvm {

  private Jvm() {}

  /** Host name and process id. */
  public static String id() {
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      host = "unknown";
    }
    return host + "/" + ProcessHandle.current().pid();
  }
}
