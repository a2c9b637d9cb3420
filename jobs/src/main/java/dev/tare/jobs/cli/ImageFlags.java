package dev.tare.jobs.cli;

import dev.tare.jobs.image.ChannelOrder;
import dev.tare.jobs.image.ChannelValues;
import dev.tare.jobs.image.ImageOptions;
import dev.tare.jobs.image.ImageSize;
import dev.tare.jobs.image.Layout;
import dev.tare.jobs.image.Resize;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options on how images become the model's input. */
final class ImageFlags {
  @Option(
      names = "--image-column",
      paramLabel = "COLUMN",
      description =
          "Binary column of a table or query with PNG or JPEG images, a file in each row.")
  private String column;

  @Option(
      names = "--image-input",
      paramLabel = "NAME",
      description = "Input of the model for images (default: its only one).")
  private String input;

  @Option(
      names = "--image-size",
      paramLabel = "HxW",
      description =
          "Height and width to resize images to; * for a side that follows from the proportions, such as 48x* (default: the model's).")
  private ImageSize size;

  @Option(
      names = "--image-resize",
      paramLabel = "stretch|crop|pad",
      defaultValue = "stretch",
      description =
          "Stretch to the size, or keep proportions and crop the middle, or keep proportions and pad right and bottom (default: ${DEFAULT-VALUE}).")
  private Resize resize;

  @Option(
      names = "--image-pad",
      paramLabel = "V",
      defaultValue = "0.0",
      converter = Converters.PixelValue.class,
      description =
          "Value for padding, 0 to 255, before mean and std (default:" + " ${DEFAULT-VALUE}).")
  private Double pad;

  @Option(
      names = "--image-channels",
      paramLabel = "rgb|bgr|gray",
      description = "Channels and their order (default: rgb, or gray for a model of one channel).")
  private ChannelOrder channels;

  @Option(
      names = "--image-mean",
      paramLabel = "M[,M,M]",
      defaultValue = "0",
      description =
          "Subtracted after division by 255, for all channels or each (default: ${DEFAULT-VALUE}).")
  private ChannelValues mean;

  @Option(
      names = "--image-std",
      paramLabel = "S[,S,S]",
      defaultValue = "1",
      converter = Converters.Deviations.class,
      description = "Divided by after that (default: ${DEFAULT-VALUE}).")
  private ChannelValues std;

  @Option(
      names = "--image-layout",
      paramLabel = "nchw|nhwc",
      description =
          "Layout of the channels (default: the axis where the model's input has 3 or 1).")
  private Layout layout;

  @Option(
      names = "--max-image-pixels",
      paramLabel = "N",
      defaultValue = "" + ImageOptions.DEFAULT_MAX_PIXELS,
      converter = Converters.Pixels.class,
      description =
          "Larger images are bad rows, before they are decoded (default: ${DEFAULT-VALUE}).")
  private Integer maxPixels;

  ImageOptions options() {
    return new ImageOptions(
        Optional.ofNullable(column),
        Optional.ofNullable(input),
        Optional.ofNullable(size),
        resize,
        pad,
        Optional.ofNullable(channels),
        mean,
        std,
        Optional.ofNullable(layout),
        maxPixels);
  }
}
