package dev.tare.jobs.hocon;

import dev.tare.jobs.TareException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Reads the text of a configuration file from this machine or a URI.
 *
 * @param remote reads a file from a URI that is not {@code file:}
 */
public record ConfigurationText(UnaryOperator<String> remote) implements HoconFile.Source {

  private static final Pattern URI_SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:.*");
  private static final String LOCAL = "file:";

  @Override
  public String text(String place) {
    if (!place.startsWith(LOCAL) && URI_SCHEME.matcher(place).matches()) {
      return remote.apply(place);
    }
    try (InputStream in = Files.newInputStream(local(place))) {
      byte[] read = in.readNBytes(HoconFile.MOST_CHARACTERS + 1);
      return new String(read, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      throw TareException.usage("Cannot read the configuration: No such file: " + place, e);
    } catch (IOException e) {
      throw TareException.usage(
          "Cannot read the configuration %s: %s".formatted(place, e.getMessage()), e);
    }
  }

  private static Path local(String place) {
    try {
      return place.startsWith(LOCAL)
          ? new File(URI.create(place).getPath()).toPath()
          : Path.of(place);
    } catch (InvalidPathException e) {
      throw TareException.usage("Not a path: '%s'".formatted(place), e);
    } catch (IllegalArgumentException e) {
      throw TareException.usage("Not a URI: '%s'".formatted(place), e);
    }
  }

  @Override
  public String beside(String place, String name) {
    return place.substring(0, place.lastIndexOf('/') + 1) + name;
  }
}
