package dev.tare.engine.observe;

import dev.tare.engine.histogram.FloatBins;

/** How observers hold the counts of whole tensors: a matter of speed and room, never of content. */
public enum WholeTables {
  /** One flat table a tensor: fastest. */
  DENSE {
    @Override
    WholeCounts create(FloatBins bins) {
      return new DenseCounts(bins);
    }
  },
  /** Pages for the octaves that values touch: an eighth of the room. */
  PAGED {
    @Override
    WholeCounts create(FloatBins bins) {
      return new PagedWhole(bins);
    }
  };

  abstract WholeCounts create(FloatBins bins);
}
