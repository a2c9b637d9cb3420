package dev.tare.jobs.hocon;

import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import dev.tare.jobs.TareException;
import java.io.File;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Resolves {@code include}: a shipped file, or one next to the including file. */
final class Includes
    implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {

  private static final Pattern SCHEME =
      Pattern.compile("^[A-Za-z][A-Za-z0-9+.-]*:.*", Pattern.DOTALL);

  private final String what;
  private final List<String> places;
  private final HoconFile.Source source;
  private final Expansion expansion;

  Includes(
      String what, List<String> outer, String place, HoconFile.Source source, Expansion expansion) {
    this.what = what;
    this.places = new ArrayList<>(outer);
    this.places.add(place);
    this.source = source;
    this.expansion = expansion;
  }

  @Override
  public ConfigObject include(ConfigIncludeContext context, String name) {
    return source.shipped(name).map(shipped -> shipped.root()).orElseGet(() -> beside(name));
  }

  private ConfigObject beside(String name) {
    boolean outside =
        name.isBlank()
            || name.startsWith("/")
            || name.contains("\\")
            || SCHEME.matcher(name).matches()
            || List.of(name.split("/", -1)).contains("..");
    if (outside) {
      throw refused("\"" + name + "\"");
    }
    return HoconFile.parse(what, places, source.beside(including(), name), source, expansion)
        .root();
  }

  private String including() {
    return places.get(places.size() - 1);
  }

  @Override
  public ConfigObject includeFile(ConfigIncludeContext context, File file) {
    throw refused("file(\"" + file + "\")");
  }

  @Override
  public ConfigObject includeURL(ConfigIncludeContext context, URL url) {
    throw refused("url(\"" + url + "\")");
  }

  @Override
  public ConfigObject includeResources(ConfigIncludeContext context, String resource) {
    throw refused("classpath(\"" + resource + "\")");
  }

  private TareException refused(String included) {
    return TareException.usage(
        "The %s '%s' includes %s; an include names a file in the same folder or below, as include \"more.conf\""
            .formatted(what, including(), included));
  }

  @Override
  public ConfigIncluder withFallback(ConfigIncluder fallback) {
    return this;
  }
}
