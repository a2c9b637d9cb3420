package dev.tare.jobs.input;

import dev.tare.engine.tensor.DType;
import dev.tare.engine.tensor.Dim;
import dev.tare.jobs.image.ChannelOrder;
import dev.tare.jobs.image.ImageOptions;
import dev.tare.jobs.image.ImagePreparation;
import dev.tare.jobs.image.ImageSize;
import dev.tare.jobs.image.Layout;
import java.util.List;
import java.util.Locale;

/** Finds the model's input for images, and the settings that follow from it. */
final class ImageInputs {

  private ImageInputs() {}

  /**
   * The input that receives the images.
   *
   * @throws InputException if it is not the model's only one, or no FLOAT32 of three dimensions
   */
  static InputSpec spec(ModelInputs inputs, ImageOptions options) {
    String name = options.input().orElse(inputs.names().get(0));
    InputSpec spec =
        inputs
            .find(name)
            .orElseThrow(
                () ->
                    refused(
                        "none of its inputs %s is '%s', which --image-input names"
                            .formatted(inputs.names(), name)));
    if (inputs.specs().size() > 1) {
      throw refused(
          "an image gives one input, but it has %d: %s"
              .formatted(inputs.specs().size(), inputs.names()));
    }
    if (spec.dtype() != DType.FLOAT32 || spec.rank() != 3) {
      throw refused(
          "input '%s' is %s but an image gives FLOAT32 of three dimensions"
              .formatted(name, spec.describe()));
    }
    return spec;
  }

  /**
   * Completes the options from the input.
   *
   * @throws InputException if a setting is in neither, or they contradict each other
   */
  static ImagePreparation preparation(InputSpec spec, ImageOptions options) {
    Layout layout = options.layout().orElseGet(() -> layout(spec));
    int channelAxis = layout == Layout.NCHW ? 0 : 2;
    Dim stated = spec.dims().get(channelAxis);
    ChannelOrder channels =
        options
            .channels()
            .orElse(stated.equals(Dim.fixed(1)) ? ChannelOrder.GRAY : ChannelOrder.RGB);
    requireFits(spec, channelAxis, channels.channels(), word(channels) + " channels");
    int heightAxis = layout == Layout.NCHW ? 1 : 0;
    ImageSize size = options.size().orElseGet(() -> size(spec, heightAxis));
    requireFits(spec, heightAxis, size.height(), "image size " + size);
    requireFits(spec, heightAxis + 1, size.width(), "image size " + size);
    try {
      return new ImagePreparation(
          size,
          options.resize(),
          options.pad(),
          channels,
          options.mean(),
          options.std(),
          layout,
          options.maxPixels());
    } catch (IllegalArgumentException e) {
      throw new InputException("Cannot prepare images: " + e.getMessage(), e);
    }
  }

  private static Layout layout(InputSpec spec) {
    boolean first = isChannels(spec.dims().get(0));
    boolean last = isChannels(spec.dims().get(2));
    if (first == last) {
      throw refused(
          "input '%s' %s does not tell where the channels stand; give --image-layout"
              .formatted(spec.name(), spec.describe()));
    }
    return first ? Layout.NCHW : Layout.NHWC;
  }

  private static boolean isChannels(Dim dim) {
    return dim.equals(Dim.fixed(3)) || dim.equals(Dim.fixed(1));
  }

  /** The size of the input; a side that is not fixed keeps the image's proportions. */
  private static ImageSize size(InputSpec spec, int heightAxis) {
    List<Integer> sides =
        spec.dims().subList(heightAxis, heightAxis + 2).stream()
            .map(dim -> dim instanceof Dim.Fixed side ? Math.toIntExact(side.size()) : 0)
            .toList();
    if (sides.get(0) == 0 && sides.get(1) == 0) {
      throw refused(
          "input '%s' %s has no size of its own; give --image-size"
              .formatted(spec.name(), spec.describe()));
    }
    return new ImageSize(sides.get(0), sides.get(1));
  }

  private static void requireFits(InputSpec spec, int axis, int size, String what) {
    if (spec.dims().get(axis) instanceof Dim.Fixed fixed
        && size != ImageSize.FREE
        && fixed.size() != size) {
      throw refused(
          "input '%s' is %s, which %s cannot fill".formatted(spec.name(), spec.describe(), what));
    }
  }

  private static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }

  private static InputException refused(String why) {
    return new InputException("Cannot feed images to the model: " + why);
  }
}
