package dev.tare.jobs.artifact;

/**
 * What it costs to quantize all groups, some at one level and some at another.
 *
 * @param bytes of all groups' weights with their scales and zero points
 * @param sqnrDb signal to noise of the judged output in dB; infinite if nothing differs
 * @param cosine its mean cosine over samples
 * @param sqnrDbLow signal to noise at least, with a one-sided confidence of 95 %
 * @param cosineLow mean cosine at least, likewise
 */
public record MixedError(
    long bytes, double sqnrDb, double cosine, double sqnrDbLow, double cosineLow) {}
