package dev.tare.jobs.artifact;

/**
 * The channels of one axis of an output, each against the float model's over all samples.
 *
 * <p>The SQNR of a channel is that of its own values, so that one of large values does not hide
 * another of small ones. A channel whose root mean square is below a millionth of the output's
 * largest value is compared with that value instead, since a channel of zeros has no SQNR.
 *
 * @param axis of the output, batch included: -1 for the last, 1 for the second of an image
 * @param channels how many there are
 * @param below those below {@link #LIMIT_DB}
 * @param worst the channel of the lowest SQNR, counted from 0
 * @param worstSqnrDb its SQNR in dB; infinite where no channel differs
 * @param worstError its largest absolute error
 * @param worstLow its least value in the float model
 * @param worstHigh its largest
 */
public record ChannelQuality(
    int axis,
    int channels,
    int below,
    int worst,
    double worstSqnrDb,
    float worstError,
    float worstLow,
    float worstHigh) {

  /** Below it a channel's error exceeds a tenth of its values. */
  public static final double LIMIT_DB = 20;
}
