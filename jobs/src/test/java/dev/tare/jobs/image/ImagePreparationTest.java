package dev.tare.jobs.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tare.engine.tensor.Shape;
import dev.tare.engine.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ImagePreparationTest {

  private static final ChannelValues ZERO = ChannelValues.of(0.0);

  /** Divided by 255 and multiplied again: values of bytes. */
  private static final ChannelValues BYTES = ChannelValues.of(1 / 255.0);

  private static ImagePreparation bytes(
      String size, Resize resize, double pad, ChannelOrder channels, Layout layout) {
    return new ImagePreparation(
        ImageSize.parse(size), resize, pad, channels, ZERO, BYTES, layout, 1000);
  }

  private static Tensor floats(Shape shape, float... values) {
    return Tensor.ofFloats(shape, values);
  }

  @Test
  void layoutsAndOrdersPlaceChannels() throws ImageException {
    byte[] file = ImageFiles.rgb(2, 1, 1, 2, 3, 4, 5, 6);
    assertThat(bytes("1x2", Resize.STRETCH, 0, ChannelOrder.RGB, Layout.NCHW).read(file))
        .isEqualTo(floats(Shape.of(3, 1, 2), 1, 4, 2, 5, 3, 6));
    assertThat(bytes("1x2", Resize.STRETCH, 0, ChannelOrder.BGR, Layout.NCHW).read(file))
        .isEqualTo(floats(Shape.of(3, 1, 2), 3, 6, 2, 5, 1, 4));
    assertThat(bytes("1x2", Resize.STRETCH, 0, ChannelOrder.RGB, Layout.NHWC).read(file))
        .isEqualTo(floats(Shape.of(1, 2, 3), 1, 2, 3, 4, 5, 6));
    assertThat(bytes("1x2", Resize.STRETCH, 0, ChannelOrder.BGR, Layout.NHWC).read(file))
        .isEqualTo(floats(Shape.of(1, 2, 3), 3, 2, 1, 6, 5, 4));
  }

  @Test
  void colourBecomesGrayByLuminanceAndGrayBecomesColourByRepetition() throws ImageException {
    // (19595 * 100 + 38470 * 150 + 7471 * 200 + 32768) / 65536 = 141.25
    assertThat(
            bytes("1x1", Resize.STRETCH, 0, ChannelOrder.GRAY, Layout.NCHW)
                .read(ImageFiles.rgb(1, 1, 100, 150, 200)))
        .isEqualTo(floats(Shape.of(1, 1, 1), 141));
    assertThat(
            bytes("1x1", Resize.STRETCH, 0, ChannelOrder.BGR, Layout.NHWC)
                .read(ImageFiles.gray(1, 1, 77)))
        .isEqualTo(floats(Shape.of(1, 1, 3), 77, 77, 77));
  }

  @Test
  void meanAndStdBelongToTheChannelsOfTheModel() throws ImageException {
    ImagePreparation preparation =
        new ImagePreparation(
            ImageSize.parse("1x1"),
            Resize.STRETCH,
            0,
            ChannelOrder.BGR,
            ChannelValues.parse("0.5,0.25,0"),
            ChannelValues.parse("0.5"),
            Layout.NCHW,
            1000);
    // Blue 255, green 51, red 0.
    assertThat(preparation.read(ImageFiles.rgb(1, 1, 0, 51, 255)))
        .isEqualTo(floats(Shape.of(3, 1, 1), 1f, (float) ((51 / 255.0 - .25) / .5), 0f));
  }

  @Test
  void aFreeSideFollowsTheImage() throws ImageException {
    byte[] file = ImageFiles.gray(5, 2, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9);
    ImagePreparation height = bytes("3x*", Resize.STRETCH, 0, ChannelOrder.GRAY, Layout.NCHW);
    assertThat(height.read(file).shape()).isEqualTo(Shape.of(1, 3, 8)); // 7.5, up
    ImagePreparation width = bytes("*x2", Resize.STRETCH, 0, ChannelOrder.GRAY, Layout.NCHW);
    assertThat(width.read(file).shape()).isEqualTo(Shape.of(1, 1, 2)); // 0.8
    assertThatThrownBy(
            () ->
                bytes("*x60", Resize.STRETCH, 0, ChannelOrder.GRAY, Layout.NCHW)
                    .read(ImageFiles.gray(1, 20, new int[20])))
        .isInstanceOf(ImageException.class)
        .hasMessage("60 x 1200 pixels are more than the 1000 allowed");
  }

  @Test
  void cropTakesTheMiddle() throws ImageException {
    byte[] wide = ImageFiles.gray(4, 2, 1, 2, 3, 4, 5, 6, 7, 8);
    assertThat(bytes("2x2", Resize.CROP, 0, ChannelOrder.GRAY, Layout.NCHW).read(wide))
        .isEqualTo(floats(Shape.of(1, 2, 2), 2, 3, 6, 7));
    byte[] tall = ImageFiles.gray(2, 4, 1, 2, 3, 4, 5, 6, 7, 8);
    assertThat(bytes("2x2", Resize.CROP, 0, ChannelOrder.GRAY, Layout.NCHW).read(tall))
        .isEqualTo(floats(Shape.of(1, 2, 2), 3, 4, 5, 6));
    byte[] line = ImageFiles.gray(60, 1, new int[60]);
    assertThat(bytes("30x30", Resize.CROP, 0, ChannelOrder.GRAY, Layout.NCHW).read(line).shape())
        .isEqualTo(Shape.of(1, 30, 30));
  }

  @Test
  void padFillsBelowOrToTheRight() throws ImageException {
    byte[] wide = ImageFiles.gray(2, 1, 10, 20);
    assertThat(bytes("2x2", Resize.PAD, 7, ChannelOrder.GRAY, Layout.NCHW).read(wide))
        .isEqualTo(floats(Shape.of(1, 2, 2), 10, 20, 7, 7));
    byte[] tall = ImageFiles.rgb(1, 2, 1, 2, 3, 4, 5, 6);
    assertThat(bytes("2x2", Resize.PAD, 7, ChannelOrder.RGB, Layout.NHWC).read(tall))
        .isEqualTo(floats(Shape.of(2, 2, 3), 1, 2, 3, 7, 7, 7, 4, 5, 6, 7, 7, 7));
  }

  @Test
  void contradictionsAreRefused() {
    assertThatThrownBy(() -> bytes("3x*", Resize.PAD, 0, ChannelOrder.RGB, Layout.NCHW))
        .hasMessage("size 3x* has a free side, which pad cannot fill");
    assertThatThrownBy(
            () ->
                new ImagePreparation(
                    ImageSize.parse("3x3"),
                    Resize.PAD,
                    0,
                    ChannelOrder.GRAY,
                    ChannelValues.parse("1,2,3"),
                    BYTES,
                    Layout.NCHW,
                    9))
        .hasMessage("mean and std have 3 values for 1 channel");
    assertThatThrownBy(() -> ImageSize.parse("*x*")).hasMessageContaining("with one free side");
    assertThatThrownBy(() -> ImageSize.parse("0x4")).hasMessageContaining("'0x4' is not");
    assertThatThrownBy(() -> ChannelValues.parse("1,2")).hasMessageContaining("2 numbers");
    assertThatThrownBy(() -> ChannelValues.parse("1,x,2")).hasMessageContaining("'x' is not");
    assertThatThrownBy(() -> ChannelValues.parse("NaN")).hasMessageContaining("finite");
  }
}
