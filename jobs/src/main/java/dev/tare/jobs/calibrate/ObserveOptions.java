package dev.tare.jobs.calibrate;

import dev.tare.engine.model.Observation;
import dev.tare.engine.recipe.Placement;
import dev.tare.engine.statistics.StateKind;
import dev.tare.jobs.artifact.Settings;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What calibration collects.
 *
 * @param chosen {@code constant-weight-inputs}, {@code all-supported}, {@code matmul}, {@code all}
 *     or a pattern over tensor names; empty for what the recipe needs
 * @param channels what is kept per channel
 * @param channelBits mantissa bits of the bins per channel, 1 to 10
 * @param collect kinds of states
 * @param gram how Gram matrices are collected, if they are
 */
public record ObserveOptions(
    Optional<String> chosen,
    Channels channels,
    int channelBits,
    CollectedKinds collect,
    GramOptions gram) {

  /** What is observed by default. */
  public static final String DEFAULT = Observation.CONSTANT_WEIGHT_INPUTS;

  /** Default mantissa bits per channel. */
  public static final int DEFAULT_BITS = 5;

  /** What is collected by default. */
  public static final ObserveOptions DEFAULTS =
      new ObserveOptions(
          Optional.empty(),
          Channels.AUTO,
          DEFAULT_BITS,
          CollectedKinds.HISTOGRAMS,
          GramOptions.DEFAULTS);

  public static final int MIN_BITS = 1;
  public static final int MAX_BITS = 10;

  /**
   * @throws IllegalArgumentException if the bits are out of bounds
   */
  public ObserveOptions {
    if (channelBits < MIN_BITS || channelBits > MAX_BITS) {
      throw new IllegalArgumentException(
          "channel-bits is %d, not %d to %d".formatted(channelBits, MIN_BITS, MAX_BITS));
    }
  }

  /** Returns the options with the user's choice, or else with what a placement needs. */
  public ObserveOptions forPlacement(Placement placement) {
    String needed = placement == Placement.ALL_SUPPORTED ? Observation.ALL_SUPPORTED : DEFAULT;
    return new ObserveOptions(
        Optional.of(chosen.orElse(needed)), channels, channelBits, collect, gram);
  }

  /** Returns the options with Gram matrices among what is collected. */
  public ObserveOptions withGram() {
    return new ObserveOptions(chosen, channels, channelBits, collect.with(StateKind.GRAM), gram);
  }

  /** Returns the options with bins of channels, unless the user chose otherwise. */
  public ObserveOptions withHistogramsOfChannels() {
    return channels == Channels.AUTO
        ? new ObserveOptions(chosen, Channels.HISTOGRAM, channelBits, collect, gram)
        : this;
  }

  /** Returns what is observed. */
  public String observe() {
    return chosen.orElse(DEFAULT);
  }

  /** Returns the options by their command-line names. */
  public SortedMap<String, String> configuration() {
    return new Settings()
        .put("observe", chosen)
        .put("channels", channels)
        .put("channel-bits", channelBits)
        // A run with only histograms has the same fingerprint as before other kinds existed.
        .put("collect", Optional.of(collect).filter(kinds -> !kinds.onlyHistograms()))
        .putAll(gram.configuration())
        .values();
  }
}
