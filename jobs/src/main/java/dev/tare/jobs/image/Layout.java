package dev.tare.jobs.image;

/** Where the channels stand in the model's input; N is the batch. */
public enum Layout {
  NCHW,
  NHWC
}
