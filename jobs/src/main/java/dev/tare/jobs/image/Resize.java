package dev.tare.jobs.image;

/** How an image is changed to the size of the model's input. */
public enum Resize {
  /** Both sides are changed to the size, whatever the proportions. */
  STRETCH,
  /** Keeps the proportions: the image covers the size, and its middle is cut out. */
  CROP,
  /** Keeps the proportions: the image is put at the upper left, and the rest is filled. */
  PAD
}
