/**
 * Files of llama.cpp in its container GGUF, of which importance files are read: {@link
 * dev.tare.engine.gguf.GgufFile} finds tensors, and refuses whatever is not exactly as documented.
 */
package dev.tare.engine.gguf;
