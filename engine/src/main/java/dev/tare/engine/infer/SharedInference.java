package dev.tare.engine.infer;

import dev.tare.engine.model.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Sessions shared by the tasks of one JVM: one per runtime, model file and options.
 *
 * <p>An unused model stays loaded for the next task; if more than {@value #MAX_IDLE} are idle, the
 * least recently used one is closed.
 */
public final class SharedInference {

  private static final int MAX_IDLE = 2;
  private static final Map<Key, Entry> ENTRIES = new LinkedHashMap<>(16, 0.75f, true);

  private SharedInference() {}

  /**
   * @param stamp size and time of the file: the model at a path may have been replaced since it was
   *     loaded
   */
  private record Key(
      ModelRuntime runtime, ModelFile model, String stamp, InferenceOptions options) {

    static Key of(ModelRuntime runtime, ModelFile model, InferenceOptions options) {
      try {
        BasicFileAttributes file = Files.readAttributes(model.file(), BasicFileAttributes.class);
        return new Key(
            runtime,
            model,
            file.fileKey() + " " + file.size() + " " + file.lastModifiedTime(),
            options);
      } catch (IOException e) {
        throw new InferenceException(
            "Cannot read model '%s': %s".formatted(model.file().getFileName(), e), e);
      }
    }
  }

  private static final class Entry {
    private Session session;
    private int users;
  }

  /** A reference to a loaded model, released by closing it. */
  public static final class Lease implements AutoCloseable {
    private final Key key;
    private final Session session;
    private boolean closed;

    private Lease(Key key, Session session) {
      this.key = key;
      this.session = session;
    }

    public Session session() {
      return session;
    }

    /** What runs the model. */
    public ModelRuntime runtime() {
      return key.runtime();
    }

    @Override
    public void close() {
      synchronized (ENTRIES) {
        if (!closed) {
          closed = true;
          ENTRIES.get(key).users--;
          closeIdle();
        }
      }
    }
  }

  /**
   * Loads the model unless this JVM has it already.
   *
   * @throws InferenceException if the runtime cannot load it, or its file was replaced meanwhile
   */
  public static Lease lease(ModelRuntime runtime, ModelFile model, InferenceOptions options) {
    Key key = Key.of(runtime, model, options);
    // Loading under the lock: two tasks that start together must not load the model twice.
    synchronized (ENTRIES) {
      Entry entry = ENTRIES.get(key);
      if (entry == null) {
        entry = new Entry();
        entry.session = open(key);
        ENTRIES.put(key, entry);
      }
      entry.users++;
      return new Lease(key, entry.session);
    }
  }

  private static Session open(Key key) {
    Session session = key.runtime().open(key.model(), key.options());
    if (!Key.of(key.runtime(), key.model(), key.options()).equals(key)) {
      session.close();
      throw new InferenceException(
          "Model '%s' was replaced while it was loaded"
              .formatted(key.model().file().getFileName()));
    }
    return session;
  }

  private static void closeIdle() {
    long idle = ENTRIES.values().stream().filter(e -> e.users == 0).count();
    var entries = ENTRIES.entrySet().iterator();
    while (idle > MAX_IDLE && entries.hasNext()) {
      Entry entry = entries.next().getValue();
      if (entry.users == 0) {
        entries.remove();
        entry.session.close();
        idle--;
      }
    }
  }
}
