package dev.tare.jobs.image;

/** Which channels the model gets, in which order. */
public enum ChannelOrder {
  RGB,
  BGR,
  GRAY;

  public int channels() {
    return this == GRAY ? 1 : 3;
  }
}
