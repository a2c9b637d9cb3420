package dev.tare.jobs.image;

/** How an image comes to the wanted size. */
public enum Resize {
  /** Both sides to the wanted ones, whatever the proportions. */
  STRETCH,
  /** Proportions kept, the image covers the wanted size, and its middle is cut out. */
  CROP,
  /** Proportions kept, the image fits in at the upper left, and the rest is filled. */
  PAD
}
