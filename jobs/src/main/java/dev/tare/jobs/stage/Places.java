package dev.tare.jobs.stage;

import dev.tare.jobs.input.DataOptions;
import dev.tare.jobs.model.RecipeOptions;
import dev.tare.jobs.relation.Relation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files that a command line names, which can be checked before Spark starts.
 *
 * @param models files that must exist, path or URI
 * @param files other files that must exist: tokenizers
 * @param data to read: files, folders or globs; relations are in a session, not in a place
 * @param recipe what to quantize by
 */
public record Places(
    List<String> models, List<String> files, List<String> data, Optional<RecipeOptions> recipe) {

  /** No files, data or recipe. */
  public static final Places NONE = new Places(List.of(), List.of(), List.of(), Optional.empty());

  public Places {
    models = List.copyOf(models);
    files = List.copyOf(files);
    data = List.copyOf(data);
  }

  public static Places ofModel(String model) {
    return new Places(List.of(model), List.of(), List.of(), Optional.empty());
  }

  /** The same with data and its tokenizer. */
  public Places with(DataOptions options) {
    List<String> all = new ArrayList<>(files);
    options.tokenizer().ifPresent(all::add);
    return new Places(models, all, placed(Optional.of(options.data())), recipe);
  }

  /** The same with more data. */
  public Places withMoreData(Optional<String> more) {
    List<String> all = new ArrayList<>(data);
    all.addAll(placed(more));
    return new Places(models, files, all, recipe);
  }

  private static List<String> placed(Optional<String> data) {
    return data.filter(named -> !Relation.isNamedBy(named)).stream().toList();
  }

  public Places withRecipe(RecipeOptions options) {
    return new Places(models, files, data, Optional.of(options));
  }
}
