"""Compares quantization by the reciprocal with an installed PyTorch, bit for bit.

Usage: compare_torch.py FOLDER, with the files that dev.tare.engine.quant.TorchValues wrote there.

Integers: torch.quantize_per_tensor where PyTorch has the type, and fake_quantize_per_tensor_affine
with the type's limits. float8: a product with the reciprocal, clamped, cast. Prints a table, and
exits with 1 if anything differs, but for values where PyTorch's own int32 overflows: its vector
code adds the zero point of quint8 to 2^31 - 128 and saturates to 0 instead of 255.
"""

import pathlib
import struct
import sys
import warnings

import numpy as np
import torch

QUANTIZED = {"INT8": torch.qint8, "UINT8": torch.quint8, "INT32": torch.qint32}
FLOAT8 = {
    "FLOAT8E4M3FN": torch.float8_e4m3fn,
    "FLOAT8E4M3FNUZ": torch.float8_e4m3fnuz,
    "FLOAT8E5M2": torch.float8_e5m2,
    "FLOAT8E5M2FNUZ": torch.float8_e5m2fnuz,
}
LIMITS = {
    "INT4": (-8, 7),
    "UINT4": (0, 15),
    "INT8": (-128, 127),
    "UINT8": (0, 255),
    "INT16": (-32768, 32767),
    "UINT16": (0, 65535),
}


def differing(ours, theirs):
    """Values whose bits differ, but for the sign of zero, which integers do not keep."""
    same = (ours == theirs) if ours.dtype.kind == "i" else (ours.view("i4") == theirs.view("i4"))
    return int(np.count_nonzero(~(same | ((ours == 0) & (theirs == 0)))))


def compare(path):
    kind, bits, zero = path.stem.split("_")
    scale = struct.unpack(">f", bytes.fromhex(bits))[0]
    zero = int(zero)
    rows = np.fromfile(path, dtype=[("x", "<f4"), ("q", "<i4"), ("fake", "<f4")])
    x, q, fake = (np.ascontiguousarray(rows[name]) for name in ("x", "q", "fake"))
    t = torch.from_numpy(x)
    found = {}
    if kind in QUANTIZED:
        quantized = torch.quantize_per_tensor(t, scale, zero, QUANTIZED[kind])
        theirs = quantized.int_repr().numpy().astype("i4")
        steps = x.astype("f8") / scale + zero
        fits = (steps < 2**31 - 128) | (zero < 128)
        found["quantize"] = differing(q[fits], theirs[fits])
        overflowed = differing(q[~fits], theirs[~fits])
        if overflowed:
            print(f"{kind}: {overflowed} values overflow in PyTorch, as", theirs[~fits][:1])
    if kind in LIMITS:
        theirs = torch.fake_quantize_per_tensor_affine(t, scale, zero, *LIMITS[kind]).numpy()
        found["fake"] = differing(fake, theirs)
    if kind in FLOAT8:
        reach = torch.finfo(FLOAT8[kind]).max
        factor = torch.tensor(1.0) / torch.tensor(scale)
        codes = (t * factor).clamp(-reach, reach).to(FLOAT8[kind])
        found["cast"] = differing(q, codes.view(torch.uint8).numpy().astype("i4"))
        found["fake"] = differing(fake, (codes.float() * torch.tensor(scale)).numpy())
    return kind, scale, zero, len(x), found


def main():
    warnings.simplefilter("ignore")
    print("torch", torch.__version__)
    total = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.bin")):
        kind, scale, zero, count, found = compare(path)
        total += sum(found.values())
        print(f"{kind:15} scale {scale:<12.6g} zero point {zero:6d} {count} values, differ: {found}")
    print("differ in all:", total)
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
