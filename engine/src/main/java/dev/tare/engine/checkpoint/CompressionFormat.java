package dev.tare.engine.checkpoint;

/** Layouts of compressed-tensors (compressed_tensors/config/format.py), by their names there. */
enum CompressionFormat {
  /** Integers in words of 32 bits: weights alone are quantized. */
  PACK_QUANTIZED,
  /** An integer a byte. */
  INT_QUANTIZED,
  /** A float8 a byte. */
  FLOAT_QUANTIZED,
  /** Two float4 a byte, exponents as scales. */
  MXFP4_PACK_QUANTIZED,
  /** Two float4 a byte, float8 as scales, and a scale of the tensor. */
  NVFP4_PACK_QUANTIZED
}
