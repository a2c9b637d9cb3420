package dev.tare.engine.target;

/**
 * First line of a calibration cache, by which TensorRT knows whether it may use the cache.
 *
 * @param version TensorRT's version: 8501 for 8.5.1, 100300 for 10.3.0
 * @param algorithm its calibrator, such as {@code EntropyCalibration2}
 */
public record CacheHeader(int version, String algorithm) {}
