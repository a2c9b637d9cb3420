/**
 * The safetensors format: a length, a JSON header and one gap-free buffer of little-endian tensors.
 * Files are untrusted. Begin at {@link dev.tare.engine.safetensors.SafetensorsHeader}, which reads,
 * checks, lays out and writes headers; {@link dev.tare.engine.safetensors.ShardIndex} says in which
 * file of a sharded checkpoint a tensor is. Bytes of tensors are read and written by the caller, a
 * slice at a time.
 */
package dev.tare.engine.safetensors;
