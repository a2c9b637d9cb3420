package dev.tare.jobs.image;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Height and width of the model's input; one of them may be free and then follows from the image.
 *
 * @param height pixels, or {@link #FREE}
 * @param width pixels, or {@link #FREE}
 */
public record ImageSize(int height, int width) implements Serializable {

  /** A side that keeps the image's proportions. */
  public static final int FREE = 0;

  private static final Pattern FORMAT = Pattern.compile("([1-9]\\d{0,4}|\\*)x([1-9]\\d{0,4}|\\*)");

  public ImageSize {
    if (height < 0 || width < 0 || (height == FREE && width == FREE)) {
      throw new IllegalArgumentException("Invalid image size " + height + " x " + width);
    }
  }

  /**
   * Reads {@code HxW}, {@code Hx*} or {@code *xW}.
   *
   * @throws IllegalArgumentException if the text has another form
   */
  public static ImageSize parse(String text) {
    Matcher matcher = FORMAT.matcher(text);
    if (!matcher.matches() || text.equals("*x*")) {
      throw new IllegalArgumentException(
          "'%s' is not HEIGHTxWIDTH, as 224x224, or with one free side, as 48x*".formatted(text));
    }
    ImageSize size = new ImageSize(side(matcher.group(1)), side(matcher.group(2)));
    if ((long) size.height * size.width > ImageOptions.MOST_PIXELS) {
      throw new IllegalArgumentException(
          "'%s' is more than %,d pixels".formatted(text, ImageOptions.MOST_PIXELS));
    }
    return size;
  }

  private static int side(String text) {
    return text.equals("*") ? FREE : Integer.parseInt(text);
  }

  boolean free() {
    return height == FREE || width == FREE;
  }

  @Override
  public String toString() {
    return (height == FREE ? "*" : height) + "x" + (width == FREE ? "*" : width);
  }
}
