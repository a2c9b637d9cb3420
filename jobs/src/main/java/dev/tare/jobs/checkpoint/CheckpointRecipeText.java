package dev.tare.jobs.checkpoint;

import com.typesafe.config.ConfigFactory;
import dev.tare.engine.checkpoint.CheckpointRecipe;
import dev.tare.engine.checkpoint.CheckpointRecipeParser;
import dev.tare.jobs.artifact.Digest;
import dev.tare.jobs.artifact.InputRef;
import dev.tare.jobs.storage.Locations;
import java.io.IOException;
import java.io.Serializable;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * A recipe as text, as it travels to executors.
 *
 * @param name a shipped name, or the place of a file
 * @param json the resolved recipe
 */
public record CheckpointRecipeText(String name, String json) implements Serializable {

  private static final long serialVersionUID = 1L;

  CheckpointRecipe parse() {
    return CheckpointRecipeParser.parse(name, ConfigFactory.parseString(json));
  }

  /** A recipe of the user's own is an input of the run; a shipped one is part of the program. */
  Optional<InputRef> asInput(Configuration hadoop) throws IOException {
    return CheckpointRecipes.SHIPPED.contains(name)
        ? Optional.empty()
        : Optional.of(
            InputRef.of("recipe", Locations.qualified(name, hadoop).toUri(), Digest.of(json)));
  }
}
