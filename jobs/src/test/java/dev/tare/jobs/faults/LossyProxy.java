package dev.tare.jobs.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Passes bytes to a server on loopback and back, and loses the answer to the first request that
 * begins as told: the server did it, the client does not know.
 */
public final class LossyProxy implements AutoCloseable {
  private static final String GO_ON = "HTTP/1.1 100";

  private final ServerSocket listener;
  private final int server;
  private final String request;
  private final AtomicInteger lost = new AtomicInteger();

  private LossyProxy(ServerSocket listener, int server, String request) {
    this.listener = listener;
    this.server = server;
    this.request = request;
  }

  /** A proxy that loses the answer to the first request whose first line begins with a text. */
  public static LossyProxy before(int server, String request) throws IOException {
    LossyProxy proxy =
        new LossyProxy(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), server, request);
    start(proxy::accept);
    return proxy;
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** How many answers were lost. */
  public int lost() {
    return lost.get();
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "lossy-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        Socket upstream = new Socket(InetAddress.getLoopbackAddress(), server);
        boolean[] lose = new boolean[1];
        start(() -> pump(client, upstream, lose, true));
        start(() -> pump(upstream, client, lose, false));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void pump(Socket from, Socket to, boolean[] lose, boolean toServer) {
    byte[] chunk = new byte[1 << 16];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        String head = new String(chunk, 0, Math.min(n, 2000), StandardCharsets.ISO_8859_1);
        synchronized (lose) {
          if (toServer && head.startsWith(request) && lost.get() == 0) {
            lose[0] = true;
          }
          if (!toServer && lose[0] && !head.startsWith(GO_ON)) {
            lost.incrementAndGet();
            return;
          }
        }
        out.write(chunk, 0, n);
        out.flush();
      }
    } catch (IOException e) {
      // One side closed the connection; so does the other.
      return;
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
