package dev.tare.jobs.image;

/** The channels that the model reads, and their order. */
public enum ChannelOrder {
  RGB,
  BGR,
  GRAY;

  public int channels() {
    return this == GRAY ? 1 : 3;
  }
}
