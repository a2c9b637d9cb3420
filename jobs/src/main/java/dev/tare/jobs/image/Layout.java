package dev.tare.jobs.image;

/** Order of the axes of the model's input; N is the batch, C the channels. */
public enum Layout {
  NCHW,
  NHWC
}
