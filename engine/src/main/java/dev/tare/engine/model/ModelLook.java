package dev.tare.engine.model;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The properties of a model that its main file shows without its data files.
 *
 * @param dataFiles those files, as paths relative to the model's folder with slashes, each with the
 *     first thing in the model, as messages call it, that needs it; they need not be there
 * @param runsAsIs whether a session takes the model as it is, or only in the form of {@link
 *     WritableModel#writeLocal}
 */
public record ModelLook(SortedMap<String, String> dataFiles, boolean runsAsIs) {

  public ModelLook {
    dataFiles = Collections.unmodifiableSortedMap(new TreeMap<>(dataFiles));
  }
}
