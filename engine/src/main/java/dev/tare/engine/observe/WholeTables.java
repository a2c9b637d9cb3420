package dev.tare.engine.observe;

import dev.tare.engine.histogram.FloatBins;

/** How observers store the counts of whole tensors: affects speed and memory, never the result. */
public enum WholeTables {
  /** One flat table per tensor: fastest. */
  DENSE {
    @Override
    WholeCounts create(FloatBins bins) {
      return new DenseCounts(bins);
    }
  },
  /** Pages for the octaves that contain values: an eighth of the memory. */
  PAGED {
    @Override
    WholeCounts create(FloatBins bins) {
      return new PagedWhole(bins);
    }
  };

  abstract WholeCounts create(FloatBins bins);
}
