package dev.tare.jobs.report;

import dev.tare.jobs.TareException;
import dev.tare.jobs.storage.LooseFile;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The file of a page: any file that is not part of a run. */
record PageFile(LooseFile file) {

  /**
   * Checks the place for a page.
   *
   * @throws TareException (usage) if it is a folder, or is inside the folder of a run
   */
  static PageFile at(String location, Configuration hadoop) throws IOException {
    return new PageFile(LooseFile.at("page", location, hadoop));
  }

  Path path() {
    return file.path();
  }

  /**
   * Writes the page; an existing one is replaced.
   *
   * @throws TareException (usage) if it cannot be written there
   */
  void write(LooseFile.Content content) {
    file.write(content);
  }

  /**
   * A link to the page of a run, if it is where the index looks for it: beside the index, under the
   * run's path below the index's folder of runs, with the ending {@code .html}.
   *
   * @param place path of the run below the folder of runs
   * @return relative, as it is written in an attribute
   */
  Optional<String> linkTo(String place) throws IOException {
    if (place.isEmpty() || !file.hasBeside(place + ".html")) {
      return Optional.empty();
    }
    try {
      // A colon in the first name would make it a scheme.
      return Optional.of(new URI(null, null, "./" + place + ".html", null).getRawPath());
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }
}
