package dev.tare.jobs.formats;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tare.engine.model.FloatModel;
import dev.tare.engine.model.ModelFormat;
import dev.tare.engine.model.ModelLook;
import dev.tare.engine.model.ParsedModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;

/** A file whose first key is that of the layers. Counts how often each model is read. */
public final class LinearFormat implements ModelFormat {

  static final LinearFormat INSTANCE = new LinearFormat();

  private static final String MAGIC = "{\"" + LinearModel.LAYERS + "\"";
  private final Map<String, Integer> reads = new ConcurrentHashMap<>();

  private LinearFormat() {}

  /** How often a model of such a name was parsed by this process. */
  public static int reads(String name) {
    return INSTANCE.reads.getOrDefault(name, 0);
  }

  @Override
  public String name() {
    return "linear layers";
  }

  @Override
  public Optional<String> nameInFolder() {
    return Optional.of(LinearModel.OWN_FILE);
  }

  @Override
  public boolean recognizes(ByteBuffer head) {
    return StandardCharsets.ISO_8859_1.decode(head).toString().startsWith(MAGIC);
  }

  @Override
  public ModelLook look(Path file, String name) throws IOException {
    return read(file, name).look();
  }

  @Override
  public void requireDataFiles(Path file, String name, SortedMap<String, String> files) {}

  @Override
  public ParsedModel read(Path file, String name) throws IOException {
    reads.merge(name, 1, Integer::sum);
    JsonNode document = LinearModel.document(file);
    return new ParsedModel() {
      @Override
      public ModelLook look() {
        return new ModelLook(LinearModel.files(document), true);
      }

      @Override
      public FloatModel withDataIn(Path folder) throws IOException {
        return LinearModel.of(document, folder, name);
      }
    };
  }
}
