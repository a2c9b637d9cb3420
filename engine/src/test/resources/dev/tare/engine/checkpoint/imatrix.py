"""Writes imatrix.gguf of the tests with gguf-py 0.19.0, llama.cpp's own writer: imatrix.py OUT."""

import sys

import gguf
import numpy

writer = gguf.GGUFWriter(sys.argv[1], "")
writer.add_type("imatrix")
writer.add_array("imatrix.datasets", ["calibration.txt"])
writer.add_uint32("imatrix.chunk_count", 4)
writer.add_uint32("imatrix.chunk_size", 512)
for name, columns in (("attn_q", 256), ("ffn_up", 256), ("ffn_down", 384)):
    squares = numpy.ones((1, columns), numpy.float32) * 2048
    squares[:, ::16] *= 400
    writer.add_tensor(f"blk.0.{name}.weight.in_sum2", squares)
    writer.add_tensor(f"blk.0.{name}.weight.counts", numpy.full((1, 1), 2048, numpy.float32))
squares = numpy.arange(12, dtype=numpy.float32).reshape(3, 4)
writer.add_tensor("blk.1.ffn_up_exps.weight.in_sum2", squares)
writer.add_tensor("blk.1.ffn_up_exps.weight.counts", numpy.float32([[2], [0], [4]]))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
