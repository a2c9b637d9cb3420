package dev.tare.jobs.calibrate;

import dev.tare.engine.observe.ChannelMode;
import dev.tare.jobs.model.ModelHandle;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What to observe, and how fast.
 *
 * @param model the float model
 * @param observe {@code constant-weight-inputs}, {@code matmul}, {@code all}, or a name pattern
 * @param channelMode what to keep of each channel; empty for the most that fits
 * @param channelBits mantissa bits of channel histograms
 * @param batchSize samples of equal shape that run together; changes speed, never the result
 * @param partitions number of tasks; changes speed, never the result
 */
public record CalibrateRequest(
    ModelHandle model,
    String observe,
    Optional<ChannelMode> channelMode,
    int channelBits,
    int batchSize,
    OptionalInt partitions) {}
