package dev.tare.jobs.image;

import java.util.Optional;

/**
 * How images become a model's input, as set by the user; empty settings follow from the model.
 *
 * @param column binary column of a table or query that has the images; empty for files
 * @param input the model's input that receives images; empty for its only one
 * @param size height and width; empty for the model's own
 * @param resize how an image is changed to that size
 * @param pad value that fills the area outside the image, 0 to 255, before mean and std
 * @param channels which channels in which order; empty for RGB, or gray if the model has one
 *     channel
 * @param mean subtracted after division by 255
 * @param std divided by after that; above 0
 * @param layout axis of the channels; empty for the axis of the model's input with size 3 or 1
 * @param maxPixels pixels that an image may have before and after resizing, 1 to {@link
 *     #MOST_PIXELS}
 */
public record ImageOptions(
    Optional<String> column,
    Optional<String> input,
    Optional<ImageSize> size,
    Resize resize,
    double pad,
    Optional<ChannelOrder> channels,
    ChannelValues mean,
    ChannelValues std,
    Optional<Layout> layout,
    int maxPixels) {

  /** A sample must fit one array of bytes. */
  public static final int MOST_PIXELS = 170_000_000;

  /** Pillow's limit: a quarter of a gigabyte of RGB. */
  public static final int DEFAULT_MAX_PIXELS = 89_478_485;

  /** Values from 0 to 1; all other settings follow from the model. */
  public static final ImageOptions DEFAULT =
      new ImageOptions(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Resize.STRETCH,
          0,
          Optional.empty(),
          ChannelValues.of(0.0),
          ChannelValues.of(1.0),
          Optional.empty(),
          DEFAULT_MAX_PIXELS);

  /**
   * @throws IllegalArgumentException if a number is out of its bounds
   */
  public ImageOptions {
    if (!(pad >= 0 && pad <= 255)) {
      throw new IllegalArgumentException("Invalid pad value " + pad + ": not from 0 to 255");
    }
    if (std.values().stream().anyMatch(value -> value <= 0)) {
      throw new IllegalArgumentException("Invalid std " + std + ": not above 0");
    }
    if (maxPixels < 1 || maxPixels > MOST_PIXELS) {
      throw new IllegalArgumentException("Invalid limit of pixels " + maxPixels);
    }
  }

  /** The same for images in a column. */
  public ImageOptions withColumn(String newColumn) {
    return new ImageOptions(
        Optional.of(newColumn), input, size, resize, pad, channels, mean, std, layout, maxPixels);
  }

  public ImageOptions withSize(ImageSize newSize) {
    return new ImageOptions(
        column, input, Optional.of(newSize), resize, pad, channels, mean, std, layout, maxPixels);
  }

  public ImageOptions withResize(Resize newResize, double newPad) {
    return new ImageOptions(
        column, input, size, newResize, newPad, channels, mean, std, layout, maxPixels);
  }

  public ImageOptions withChannels(ChannelOrder order) {
    return new ImageOptions(
        column, input, size, resize, pad, Optional.of(order), mean, std, layout, maxPixels);
  }

  public ImageOptions withMeanAndStd(ChannelValues newMean, ChannelValues newStd) {
    return new ImageOptions(
        column, input, size, resize, pad, channels, newMean, newStd, layout, maxPixels);
  }

  public ImageOptions withMaxPixels(int pixels) {
    return new ImageOptions(column, input, size, resize, pad, channels, mean, std, layout, pixels);
  }
}
